#include "core/io/store/response_store.hpp"

#include "tests/support/size_limit.hpp"
#include "tests/support/temp_dir.hpp"

#include <boost/mpl/list.hpp>
#include <boost/test/unit_test.hpp>

#include <SQLiteCpp/SQLiteCpp.h>

#include <sys/stat.h>

#include <map>
#include <random>
#include <thread>

using namespace penstock;
using namespace penstock::io;
using namespace std::chrono_literals;

namespace {

constexpr unix_seconds now = 1'800'000'000;

std::shared_ptr<const core::cached_answer> answer(std::string body) {
  core::cached_answer a;
  a.status_code = 201;
  a.request_id = "req";
  a.lane = "lane";
  a.upstream = 1234ms;
  a.used = {10, 4, 5, 2, true};
  a.body = core::make_payload(std::move(body));
  return std::make_shared<const core::cached_answer>(std::move(a));
}

std::vector<store_row> rows(std::initializer_list<std::pair<const char*, const char*>> pairs) {
  std::vector<store_row> out;
  for (auto& [key, body] : pairs)
    out.push_back({key, answer(body)});
  return out;
}

std::unique_ptr<response_store> open(const std::string& path, store_limits limits = {}) {
  auto opened = open_response_store(path, limits);
  BOOST_REQUIRE_MESSAGE(opened, (opened ? "" : opened.error().context));
  return std::move(*opened);
}

struct in_sqlite {
  static std::unique_ptr<response_store> make(store_limits l) { return open(":memory:", l); }
};
struct in_memory {
  static std::unique_ptr<response_store> make(store_limits l) { return make_memory_store(l); }
};
using both = boost::mpl::list<in_sqlite, in_memory>;

/// The body stored for `key`, or "-".
std::string body_of(response_store& store, const std::string& key, unix_seconds at = now) {
  auto found = store.find(key, at);
  BOOST_REQUIRE(found);
  return *found ? *(*found)->body : "-";
}

const std::string kib_100(100 * 1024, 'x');

} // namespace

BOOST_AUTO_TEST_SUITE(response_store_suite)

BOOST_AUTO_TEST_CASE_TEMPLATE(an_answer_comes_back_as_it_was, T, both) {
  auto store = T::make({});
  BOOST_TEST(body_of(*store, "a") == "-");
  BOOST_REQUIRE(store->put(rows({{"a", "{\"x\":1}"}, {"b", ""}}), now));
  auto found = store->find("a", now).value();
  BOOST_REQUIRE(found.has_value());
  BOOST_TEST(*found->body == "{\"x\":1}");
  BOOST_TEST((found->status_code == 201 && found->request_id == "req" && found->lane == "lane"));
  BOOST_TEST((found->upstream == 1234ms));
  BOOST_TEST((found->used.input_tokens == 10u && found->used.cached_input_tokens == 4u));
  BOOST_TEST((found->used.output_tokens == 5u && found->used.reasoning_tokens == 2u));
  BOOST_TEST(found->used.known);
  BOOST_TEST(body_of(*store, "b").empty());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_later_answer_replaces_an_earlier_one, T, both) {
  auto store = T::make({});
  BOOST_REQUIRE(store->put(rows({{"a", "1"}, {"a", "2"}}), now));
  BOOST_REQUIRE(store->put(rows({{"b", "1"}, {"a", "3"}}), now + 1));
  BOOST_TEST(body_of(*store, "a", now + 1) == "3");
  const auto totals = store->totals().value();
  BOOST_TEST(totals.entries == 2u);
  BOOST_TEST(totals.bytes == 2 * bytes_of("a", *answer("1")));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_answer_is_good_for_its_time_to_live, T, both) {
  auto store = T::make({.ttl = 100s, .bytes_max = 1u << 20});
  BOOST_REQUIRE(store->put(rows({{"a", "1"}}), now));
  BOOST_TEST(body_of(*store, "a", now + 99) == "1");
  BOOST_TEST(body_of(*store, "a", now + 100) == "-");
  // Expired entries are removed with the next write.
  BOOST_REQUIRE(store->put(rows({{"b", "1"}}), now + 100));
  BOOST_TEST(store->totals().value().entries == 1u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(above_the_bound_the_longest_unused_goes_first, T, both) {
  const auto each = bytes_of("k00", *answer("body"));
  auto store = T::make({.ttl = 1h, .bytes_max = 20 * each});
  for (int i = 0; i < 20; ++i) {
    const auto key = "k" + std::to_string(100 + i);
    BOOST_REQUIRE(store->put(rows({{key.c_str(), "body"}}), now + i));
  }
  // About one byte more than the limit, because k100 has four characters.
  BOOST_TEST(body_of(*store, "k103", now + 200) == "body");
  BOOST_TEST(body_of(*store, "k104", now + 201) == "body");
  BOOST_REQUIRE(store->put(rows({{"new", "body"}, {"ne2", "body"}}), now + 300));
  BOOST_TEST(body_of(*store, "k103", now + 300) == "body");
  BOOST_TEST(body_of(*store, "k104", now + 300) == "body");
  BOOST_TEST(body_of(*store, "new", now + 300) == "body");
  BOOST_TEST(body_of(*store, "k100", now + 300) == "-");
  BOOST_TEST(body_of(*store, "k119", now + 300) == "body");
  BOOST_TEST(store->totals().value().bytes <= 20 * each);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_alone_is_above_the_bound_is_left_out, T, both) {
  auto store = T::make({.ttl = 1h, .bytes_max = 50'000});
  BOOST_REQUIRE(store->put(rows({{"a", "small"}, {"b", kib_100.c_str()}}), now));
  BOOST_TEST(body_of(*store, "b") == "-");
  BOOST_TEST(body_of(*store, "a") == "small");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(clear_forgets_all_or_what_is_old, T, both) {
  auto store = T::make({});
  BOOST_REQUIRE(store->put(rows({{"a", "1"}}), now));
  BOOST_REQUIRE(store->put(rows({{"b", "1"}}), now + 10));
  BOOST_TEST(store->totals().value().oldest.value() == now);
  BOOST_TEST(store->clear(now + 10).value() == 1u);
  BOOST_TEST(body_of(*store, "a") == "-");
  BOOST_TEST(body_of(*store, "b") == "1");
  BOOST_TEST(store->clear(std::nullopt).value() == 1u);
  const auto totals = store->totals().value();
  BOOST_TEST((totals.entries == 0u && totals.bytes == 0u && !totals.oldest));
}

BOOST_AUTO_TEST_CASE(both_stores_agree_on_random_work) {
  const auto seed = std::random_device{}();
  BOOST_TEST_MESSAGE("seed " << seed);
  std::mt19937 rng{seed};
  const store_limits limits{.ttl = 1h, .bytes_max = 40'000};
  auto disk = open(":memory:", limits);
  auto memory = make_memory_store(limits);
  auto at = now;
  for (int i = 0; i < 400; ++i) {
    at += 61; // More than the resolution of uses, so that both have the same order.
    const auto key = "k" + std::to_string(rng() % 60);
    if (rng() % 3 == 0) {
      BOOST_REQUIRE_MESSAGE(body_of(*disk, key, at) == body_of(*memory, key, at), "seed " << seed);
      continue;
    }
    const std::vector<store_row> one{{key, answer(std::string(rng() % 3000, 'x'))}};
    BOOST_REQUIRE(disk->put(one, at));
    BOOST_REQUIRE(memory->put(one, at));
    BOOST_REQUIRE_MESSAGE(disk->totals().value().bytes == memory->totals().value().bytes,
                          "seed " << seed);
  }
}

BOOST_AUTO_TEST_CASE(answers_survive_closing_and_are_for_their_owner_only) {
  test::temp_dir dir;
  const auto path = dir / "deep/down/cache.db";
  {
    auto store = open(path);
    BOOST_REQUIRE(store->put(rows({{"a", "1"}}), now));
    for (auto suffix : {"", "-wal", "-shm"}) {
      struct stat info {};
      BOOST_REQUIRE(::stat((path + suffix).c_str(), &info) == 0);
      BOOST_TEST((info.st_mode & 0777) == 0600u, suffix);
    }
  }
  BOOST_TEST(body_of(*open(path), "a") == "1");
}

BOOST_AUTO_TEST_CASE(a_store_that_others_can_read_is_mended) {
  test::temp_dir dir;
  const auto path = dir / "cache.db";
  BOOST_REQUIRE(open(path)->put(rows({{"a", "1"}}), now));
  ::chmod(path.c_str(), 0644);
  BOOST_TEST(body_of(*open(path), "a") == "1");
  struct stat info {};
  BOOST_REQUIRE(::stat(path.c_str(), &info) == 0);
  BOOST_TEST((info.st_mode & 0777) == 0600u);
  // A file of another program keeps its rights.
  test::write_file(dir / "notes", std::string(2000, 'x'));
  ::chmod((dir / "notes").c_str(), 0644);
  BOOST_TEST(open_response_store(dir / "notes", {}).has_error());
  BOOST_REQUIRE(::stat((dir / "notes").c_str(), &info) == 0);
  BOOST_TEST((info.st_mode & 0777) == 0644u);
}

BOOST_AUTO_TEST_CASE(a_shorter_time_to_live_of_the_reader_counts_too) {
  test::temp_dir dir;
  BOOST_REQUIRE(open(dir / "c.db", {.ttl = 1000s})->put(rows({{"a", "1"}}), now));
  BOOST_TEST(body_of(*open(dir / "c.db", {.ttl = 10s}), "a", now + 9) == "1");
  BOOST_TEST(body_of(*open(dir / "c.db", {.ttl = 10s}), "a", now + 10) == "-");
  // A longer ttl does not bring back an entry that its writer limited.
  BOOST_TEST(body_of(*open(dir / "c.db", {.ttl = 10'000s}), "a", now + 1000) == "-");
}

BOOST_AUTO_TEST_CASE(several_may_share_a_file) {
  test::temp_dir dir;
  const auto path = dir / "c.db";
  std::vector<std::thread> all;
  std::vector<std::string> wrong(4);
  for (int t = 0; t < 4; ++t)
    all.emplace_back([&, t] {
      auto store = open_response_store(
        path, {}); // Several processes make the file at the same time, on purpose.
      if (!store) {
        wrong[t] = store.error().context;
        return;
      }
      for (int i = 0; i < 25; ++i) {
        const auto key = std::to_string(t) + "-" + std::to_string(i);
        if (auto put = (*store)->put({{key, answer(key)}, {"shared", answer(key)}}, now); !put)
          wrong[t] = put.error().context;
        if (auto found = (*store)->find(key, now); !found || !*found || *(*found)->body != key)
          wrong[t] = "lost " + key;
      }
    });
  for (auto& t : all)
    t.join();
  for (auto& text : wrong)
    BOOST_TEST(text.empty(), text);
  const auto totals = open(path)->totals().value();
  BOOST_TEST(totals.entries == 4 * 25 + 1u);
}

BOOST_AUTO_TEST_CASE(the_file_stays_near_the_bound) {
  test::temp_dir dir;
  const auto path = dir / "c.db";
  auto store = open(path, {.ttl = 1h, .bytes_max = 1u << 20});
  for (int i = 0; i < 60; ++i) {
    std::vector<store_row> batch;
    for (int j = 0; j < 64; ++j)
      batch.push_back(
        {std::string(60, 'k') + std::to_string(i * 64 + j), answer(std::string(1000, 'x'))});
    BOOST_REQUIRE(store->put(batch, now + i));
  }
  const auto totals = store->totals().value();
  BOOST_TEST(totals.bytes <= 1u << 20);
  BOOST_TEST(totals.bytes > (1u << 20) * 8 / 10);
  store.reset();
  BOOST_TEST(std::filesystem::file_size(path) < (1u << 20) * 3 / 2);
}

BOOST_AUTO_TEST_CASE(a_flipped_bit_is_a_miss_and_no_wrong_answer) {
  test::temp_dir dir;
  const auto path = dir / "c.db";
  const std::string body(300, 'b');
  BOOST_REQUIRE(open(path)->put({{"a", answer(body)}}, now));
  auto bytes = test::read_file(path);
  const auto at = bytes.find(std::string(200, 'b'));
  BOOST_REQUIRE(at != std::string::npos);
  bytes[at + 100] = 'c';
  test::write_file(path, bytes);
  auto store = open(path);
  BOOST_TEST(body_of(*store, "a") == "-");
  BOOST_TEST(store->totals().value().entries == 0u);
}

BOOST_AUTO_TEST_CASE(a_damaged_file_is_an_error_with_its_remedy) {
  test::temp_dir dir;
  const auto path = dir / "c.db";
  {
    auto store = open(path);
    for (int i = 0; i < 50; ++i)
      BOOST_REQUIRE(store->put({{std::to_string(i), answer(kib_100)}}, now));
  }
  auto bytes = test::read_file(path);
  std::fill(bytes.begin() + 100, bytes.begin() + 4096, '\xff'); // The schema.
  test::write_file(path, bytes);
  auto opened = open_response_store(path, {});
  BOOST_REQUIRE(!opened);
  BOOST_TEST((opened.error().code == errc::corrupt));
  BOOST_TEST(opened.error().context.find(path) != std::string::npos);
  BOOST_TEST(opened.error().context.find("penstock cache clear --file") != std::string::npos);
  BOOST_REQUIRE(remove_response_store(path));
  BOOST_TEST(!std::filesystem::exists(path));
  BOOST_TEST(body_of(*open(path), "1") == "-");
}

BOOST_AUTO_TEST_CASE(damage_behind_the_head_is_an_error_and_no_crash) {
  test::temp_dir dir;
  const auto seed = std::random_device{}();
  BOOST_TEST_MESSAGE("seed " << seed);
  std::mt19937 rng{seed};
  {
    auto store = open(dir / "whole.db");
    for (int i = 0; i < 40; ++i)
      BOOST_REQUIRE(store->put({{std::to_string(i), answer(std::string(900, 'x'))}}, now));
  }
  const auto whole = test::read_file(dir / "whole.db");
  for (int round = 0; round < 60; ++round) {
    auto bytes = whole;
    for (int i = 0; i < 20; ++i)
      bytes[rng() % bytes.size()] = static_cast<char>(rng());
    if (rng() % 4 == 0)
      bytes.resize(rng() % bytes.size());
    const auto path = dir / ("bad" + std::to_string(round));
    test::write_file(path, bytes);
    auto store = open_response_store(path, {});
    if (!store)
      continue;
    for (int i = 0; i < 40; ++i)
      if (auto found = (*store)->find(std::to_string(i), now); found && *found)
        BOOST_TEST(*(*found)->body == std::string(900, 'x'), "seed " << seed);
    (void)(*store)->put({{"new", answer("1")}}, now);
    (void)(*store)->clear(std::nullopt);
  }
}

BOOST_AUTO_TEST_CASE(a_file_of_somebody_else_is_left_alone) {
  test::temp_dir dir;
  const auto text = dir / "thesis.txt", other = dir / "other.db";
  test::write_file(text, std::string(5000, 't'));
  {
    SQLite::Database{other, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE}.exec("CREATE TABLE t(x)");
  }
  for (auto& path : {text, other}) {
    const auto before = test::read_file(path);
    auto opened = open_response_store(path, {});
    BOOST_REQUIRE(!opened);
    BOOST_TEST((opened.error().code == errc::invalid_config), opened.error().context);
    BOOST_TEST(opened.error().context.find("--cache-file") != std::string::npos);
    BOOST_TEST(!remove_response_store(path));
    BOOST_TEST((test::read_file(path) == before));
  }
}

BOOST_AUTO_TEST_CASE(another_version_is_refused_with_its_remedy) {
  test::temp_dir dir;
  const auto path = dir / "c.db";
  open(path).reset();
  { SQLite::Database{path, SQLite::OPEN_READWRITE}.exec("PRAGMA user_version=99"); }
  auto opened = open_response_store(path, {});
  BOOST_REQUIRE(!opened);
  BOOST_TEST((opened.error().code == errc::incompatible));
  BOOST_TEST(opened.error().context.find("newer penstock (format 99") != std::string::npos);
  BOOST_REQUIRE(remove_response_store(path));
  open(path);
}

BOOST_AUTO_TEST_CASE(a_place_that_cannot_be_written_is_named) {
  test::temp_dir dir;
  test::write_file(dir / "file", "x");
  for (auto path : {dir / "file/c.db", dir / ""}) {
    auto opened = open_response_store(path, {});
    BOOST_REQUIRE(!opened);
    BOOST_TEST(opened.error().context.find(path.substr(0, path.rfind('/'))) != std::string::npos);
    BOOST_TEST(opened.error().context.find("--cache-file") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(a_full_disk_loses_the_write_only) {
  test::temp_dir dir;
  auto store = open(dir / "c.db");
  BOOST_REQUIRE(store->put(rows({{"a", "1"}}), now));
  {
    test::size_limit full{200'000};
    const auto put = store->put({{"b", answer(std::string(2'000'000, 'x'))}}, now);
    BOOST_REQUIRE(!put);
    BOOST_TEST((put.error().code == errc::disk_full), put.error().context);
    BOOST_TEST(body_of(*store, "a") == "1");
  }
  BOOST_REQUIRE(store->put(rows({{"b", "2"}}), now));
  BOOST_TEST(body_of(*store, "b") == "2");
}

BOOST_AUTO_TEST_SUITE_END()
