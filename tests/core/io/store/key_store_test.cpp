#include "core/io/store/key_store.hpp"

#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/stat.h>

using namespace penstock;

namespace {

constexpr int64_t now = 1'800'000'000;

core::api_key wanted(std::string tenant = "t") {
  core::api_key k;
  k.name = "n";
  k.tenant = std::move(tenant);
  k.scopes = {core::api_scope::run, core::api_scope::read};
  k.models = {"a*", "b"};
  return k;
}

} // namespace

BOOST_AUTO_TEST_SUITE(key_store)

BOOST_AUTO_TEST_CASE(a_key_is_found_by_its_text_alone_and_the_text_is_not_stored) {
  test::temp_dir dir;
  const auto path = dir / "jobs.db";
  std::string text;
  {
    auto store = io::open_key_store(path);
    BOOST_REQUIRE(store.has_value());
    BOOST_TEST(!(*store)->has_any().value());
    const auto made = (*store)->create(wanted(), now);
    BOOST_REQUIRE(made.has_value());
    text = made->text;
  }
  for (auto suffix : {".keys", ".keys-wal", ".keys-journal"})
    if (struct stat s{}; ::stat((path + suffix).c_str(), &s) == 0) {
      BOOST_TEST(test::read_file(path + suffix).find(text) == std::string::npos);
      BOOST_TEST((s.st_mode & 077) == 0u);
    }
  auto store = io::open_key_store(path);
  BOOST_REQUIRE(store.has_value());
  const auto found = (*store)->find(text, now + 5);
  BOOST_REQUIRE((found.has_value() && found->has_value()));
  BOOST_TEST((*found)->tenant == "t");
  BOOST_TEST((*found)->scopes.size() == 2u);
  BOOST_TEST((*found)->models.size() == 2u);
  BOOST_TEST((*found)->used_day == now / 86'400);
  auto wrong = text;
  wrong.back() = wrong.back() == 'x' ? 'y' : 'x';
  BOOST_TEST(!(*store)->find(wrong, now)->has_value());
  BOOST_TEST(!(*store)->find("", now)->has_value());
}

BOOST_AUTO_TEST_CASE(expired_and_revoked_keys_are_gone) {
  auto store = *io::open_key_store(":memory:");
  auto k = wanted();
  k.expires = now + 10;
  const auto made = store->create(k, now);
  BOOST_REQUIRE(made.has_value());
  BOOST_TEST(store->find(made->text, now + 9)->has_value());
  BOOST_TEST(!store->find(made->text, now + 10)->has_value());
  BOOST_TEST(store->list()->size() == 1u);
  BOOST_TEST(store->revoke(made->key.id).value());
  BOOST_TEST(!store->revoke(made->key.id).value());
  BOOST_TEST(!store->find(made->text, now)->has_value());
  BOOST_TEST(!store->has_any().value());
}

BOOST_AUTO_TEST_CASE(a_change_of_another_process_is_seen) {
  test::temp_dir dir;
  auto one = *io::open_key_store(dir / "j"), two = *io::open_key_store(dir / "j");
  const auto made = one->create(wanted(), now);
  BOOST_REQUIRE(made.has_value());
  BOOST_TEST(two->find(made->text, now)->has_value());
  BOOST_TEST(one->revoke(made->key.id).value());
  BOOST_TEST(test::wait_until([&] { return !two->find(made->text, now)->has_value(); }));
}

BOOST_AUTO_TEST_CASE(foreign_and_newer_files_are_refused) {
  test::temp_dir dir;
  test::write_file(dir / "j.keys", "no database at all, but long enough to look like one. " +
                                     std::string(600, 'x'));
  BOOST_TEST(!io::open_key_store(dir / "j").has_value());
  BOOST_TEST(!io::open_key_store("/proc/none/j").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
