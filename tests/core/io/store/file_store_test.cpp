#include "core/io/store/file_store.hpp"

#include "tests/support/temp_dir.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>

using namespace penstock;
namespace fs = std::filesystem;

namespace {

core::api_file put(io::file_store& store, const std::string& tenant, const std::string& content,
                   const std::string& purpose = "batch") {
  auto writer = store.create();
  BOOST_REQUIRE(writer.has_value());
  BOOST_REQUIRE((*writer)->write(content).has_value());
  core::api_file f;
  f.tenant = tenant;
  f.filename = "in.jsonl";
  f.purpose = purpose;
  auto made = (*writer)->commit(f, 100);
  BOOST_REQUIRE(made.has_value());
  return *made;
}

core::api_batch batch(io::file_store& store, core::batch_state state) {
  core::api_batch b;
  b.id = store.new_id("batch_");
  b.tenant = "t";
  b.state = state;
  BOOST_REQUIRE(store.put_batch(b).has_value());
  return b;
}

} // namespace

BOOST_AUTO_TEST_SUITE(file_store)

BOOST_AUTO_TEST_CASE(files_belong_to_their_tenant) {
  test::temp_dir dir;
  auto store = *io::open_file_store(dir / "j");
  const auto f = put(*store, "a", "content");
  BOOST_TEST(f.bytes == 7u);
  BOOST_TEST(test::read_file(store->path_of(f.id)) == "content");
  BOOST_TEST(store->find_file(f.id, "a")->has_value());
  BOOST_TEST(!store->find_file(f.id, "b")->has_value());
  BOOST_TEST(!store->remove_file(f.id, "b").value());
  BOOST_TEST(store->list_files({.tenant = "b"})->empty());
  BOOST_TEST(store->remove_file(f.id, "a").value());
  BOOST_TEST(!fs::exists(store->path_of(f.id)));
}

BOOST_AUTO_TEST_CASE(lists_go_page_by_page_in_both_orders) {
  auto store = *io::open_file_store(":memory:");
  std::vector<std::string> ids;
  for (int n = 0; n < 5; ++n)
    ids.push_back(put(*store, "t", "x", n % 2 == 0 ? "batch" : "other").id);
  const auto ids_of = [&](io::list_query q) {
    q.tenant = "t";
    std::vector<std::string> out;
    for (auto& f : *store->list_files(q))
      out.push_back(f.id);
    return out;
  };
  BOOST_TEST(ids_of({.limit = 2}) == (std::vector{ids[4], ids[3]}),
             boost::test_tools::per_element());
  BOOST_TEST(ids_of({.after = ids[3], .limit = 9}) == (std::vector{ids[2], ids[1], ids[0]}),
             boost::test_tools::per_element());
  BOOST_TEST(ids_of({.after = ids[0], .limit = 1, .oldest_first = true}) == (std::vector{ids[1]}),
             boost::test_tools::per_element());
  BOOST_TEST(ids_of({.purpose = "other", .limit = 9}) == (std::vector{ids[3], ids[1]}),
             boost::test_tools::per_element());
  const auto unknown = store->list_files({.tenant = "t", .after = "file-x"});
  BOOST_REQUIRE(!unknown.has_value());
  BOOST_TEST((unknown.error().code == errc::not_found));
}

BOOST_AUTO_TEST_CASE(what_a_crash_left_is_removed_at_the_next_start) {
  test::temp_dir dir;
  std::string kept;
  {
    auto store = *io::open_file_store(dir / "j");
    kept = put(*store, "t", "kept").id;
    auto half = store->create();
    BOOST_REQUIRE((*half)->write("half").has_value());
    test::write_file(dir / "j.files/new-1", "x"); // As after a kill.
    test::write_file(dir / "j.files/file-without-a-row", "x");
  }
  auto store = *io::open_file_store(dir / "j");
  size_t files = 0;
  for (auto& entry : fs::directory_iterator(dir / "j.files"))
    files += !entry.path().filename().string().starts_with("index.db");
  BOOST_TEST(files == 1u);
  BOOST_TEST(test::read_file(store->path_of(kept)) == "kept");
}

BOOST_AUTO_TEST_CASE(open_batches_are_found_after_a_start) {
  test::temp_dir dir;
  std::string running;
  {
    auto store = *io::open_file_store(dir / "j");
    running = batch(*store, core::batch_state::in_progress).id;
    auto b = batch(*store, core::batch_state::validating);
    b.state = core::batch_state::completed;
    b.total = 7;
    BOOST_REQUIRE(store->put_batch(b).has_value());
    BOOST_TEST((*store->find_batch(b.id, "t"))->total == 7u);
  }
  auto store = *io::open_file_store(dir / "j");
  const auto open = store->open_batches();
  BOOST_REQUIRE(open.has_value());
  BOOST_REQUIRE(open->size() == 1u);
  BOOST_TEST(open->front().id == running);
  BOOST_TEST(store->list_batches({.tenant = "t"})->size() == 2u);
  BOOST_TEST(store->list_batches({.tenant = "other"})->empty());
  BOOST_TEST(!store->find_batch(running, "other")->has_value());
}

BOOST_AUTO_TEST_CASE(a_folder_in_memory_goes_with_its_store) {
  std::string path;
  {
    auto store = *io::open_file_store(":memory:");
    path = store->path_of(put(*store, "t", "x").id);
    BOOST_TEST(fs::exists(path));
  }
  BOOST_TEST(!fs::exists(fs::path{path}.parent_path()));
}

BOOST_AUTO_TEST_SUITE_END()
