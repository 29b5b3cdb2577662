#include "actors/job/jsonl_source.hpp"
#include "actors/job/run_output.hpp"

#include "tests/support/deterministic_system.hpp"
#include "tests/support/run_files_fixture.hpp"

using namespace penstock;
using namespace std::chrono_literals;

namespace {

struct source_log {
  std::vector<request_chunk> chunks;
  std::vector<error> failures;
};

chunk_taker_actor::behavior_type chunk_taker(std::shared_ptr<source_log> log) {
  return {
    [=](atom::chunk, const request_chunk& c) { log->chunks.push_back(c); },
    [=](atom::failed, const error& e) { log->failures.push_back(e); },
  };
}

written_taker_actor::behavior_type written_taker(std::shared_ptr<std::vector<uint64_t>> log) {
  return {[=](atom::written, uint64_t below) { log->push_back(below); }};
}

struct fixture : test::deterministic_system {
  test::temp_dir dir;
  std::shared_ptr<source_log> read = std::make_shared<source_log>();
  std::shared_ptr<std::vector<uint64_t>> written = std::make_shared<std::vector<uint64_t>>();
  chunk_taker_actor reader = spawn(chunk_taker, read);
  written_taker_actor writer = spawn(written_taker, written);

  static std::string chat_line(uint64_t n) {
    return R"({"custom_id":"id-)" + std::to_string(n) +
           R"(","method":"POST","url":"/v1/chat/completions","body":{"model":"m","messages":[]}})" +
           "\n";
  }

  source_actor open_source(const std::string& text, io::reader_options options = {},
                           bool strict = false) {
    test::write_file(dir / "in", text);
    auto file = io::request_reader::open(dir / "in", std::move(options));
    BOOST_REQUIRE(file.has_value());
    return spawn(actors::jsonl_source, std::make_shared<io::request_reader>(std::move(*file)),
                 actors::shared_reading{}, strict);
  }

  void pull(const source_actor& from, uint32_t requests, uint64_t bytes) {
    caf::send_as(caf::actor_cast<caf::actor>(reader), from, atom::pull_v, requests, bytes);
    run();
  }

  result<io::run_files> open_files() {
    io::run_request request;
    request.identity = {dir / "in", "hash", "settings"};
    request.output = dir / "out";
    return io::run_files::open(std::move(request));
  }

  run_output_actor open_output() {
    auto files = open_files();
    BOOST_REQUIRE(files.has_value());
    return spawn(actors::run_output, std::make_shared<io::run_files>(std::move(*files)),
                 actors::shared_reading{});
  }

  static sink_item item(uint64_t index) {
    return {index, make_shared_value(test::outcome_of(index)), nullptr};
  }

  void write(const run_output_actor& to, std::vector<sink_item> items) {
    caf::send_as(caf::actor_cast<caf::actor>(writer), to, atom::write_v, std::move(items));
    run();
  }

  void kill(const caf::actor& who) {
    caf::anon_send_exit(who, caf::exit_reason::kill);
    run();
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(files_suite, fixture)

BOOST_AUTO_TEST_CASE(a_source_delivers_no_more_than_was_asked_for) {
  std::string text;
  for (uint64_t i = 0; i < 10; ++i)
    text += chat_line(i);
  auto aut = open_source(text);
  pull(aut, 4, 1 << 20);
  pull(aut, 4, 1 << 20);
  pull(aut, 100, 1);
  pull(aut, 100, 1 << 20);
  BOOST_REQUIRE(read->chunks.size() == 4u);
  BOOST_TEST(read->chunks[0].requests.size() == 4u);
  BOOST_TEST(!read->chunks[0].end);
  BOOST_TEST(read->chunks[2].requests.size() == 1u); // One always fits.
  BOOST_TEST(read->chunks[3].requests.size() == 1u);
  BOOST_TEST(read->chunks[3].end);
  BOOST_TEST(read->chunks[3].requests[0]->index == 9u);
}

BOOST_AUTO_TEST_CASE(a_bad_line_is_a_request_of_its_own_unless_the_source_is_strict) {
  const auto text = chat_line(0) + "{broken\n" + chat_line(2);
  auto lenient = open_source(text);
  pull(lenient, 10, 1 << 20);
  BOOST_REQUIRE(read->chunks.size() == 1u);
  BOOST_REQUIRE(read->chunks[0].requests.size() == 3u);
  BOOST_TEST(read->chunks[0].requests[1]->rejection.has_value());
  auto strict = open_source(text, {}, true);
  pull(strict, 10, 1 << 20);
  BOOST_REQUIRE(read->failures.size() == 1u);
  BOOST_TEST((read->failures[0].code == errc::invalid_input));
}

BOOST_AUTO_TEST_CASE(an_input_that_changed_fails_the_source) {
  io::reader_options options;
  options.expected_hash = std::string(64, '0');
  auto aut = open_source(chat_line(0), options);
  pull(aut, 10, 1 << 20);
  BOOST_REQUIRE(read->failures.size() == 1u);
  BOOST_TEST((read->failures[0].code == errc::input_changed));
}

BOOST_AUTO_TEST_CASE(written_results_are_lines_of_the_output_and_acknowledged) {
  auto aut = open_output();
  write(aut, {item(0), item(1)});
  write(aut, {item(2)});
  BOOST_TEST((*written == std::vector<uint64_t>{2, 3}));
  BOOST_TEST(test::read_file(dir / "out") == test::whole_output(3));
  BOOST_TEST(ask<bool>(aut, atom::close_v, true));
  kill(caf::actor_cast<caf::actor>(aut));
  auto again = open_files();
  BOOST_REQUIRE(again.has_value());
  BOOST_TEST((again->start() == io::run_start::complete));
}

BOOST_AUTO_TEST_CASE(a_kept_result_survives_the_actor_and_is_written_in_its_turn) {
  {
    auto aut = open_output();
    write(aut, {item(0)});
    self->send(aut, atom::keep_v, std::vector{item(2), item(3)});
    run();
    kill(caf::actor_cast<caf::actor>(aut));
  }
  auto files = open_files();
  BOOST_REQUIRE(files.has_value());
  BOOST_TEST(files->next_index() == 1u);
  BOOST_TEST((files->waiting() == std::vector<uint64_t>{2, 3}));
  auto rows = files->kept_from(0, 10);
  BOOST_REQUIRE(rows.has_value());
  std::vector<sink_item> items{item(1)};
  for (auto& [index, line] : *rows)
    items.push_back({index, {}, core::make_payload(line)});
  auto aut = spawn(actors::run_output, std::make_shared<io::run_files>(std::move(*files)),
                   actors::shared_reading{});
  write(aut, items);
  BOOST_TEST(ask<bool>(aut, atom::close_v, true));
  BOOST_TEST(test::read_file(dir / "out") == test::whole_output(4));
}

BOOST_AUTO_TEST_CASE(an_unfinished_close_keeps_what_waits) {
  auto aut = open_output();
  write(aut, {item(0)});
  self->send(aut, atom::keep_v, std::vector{item(5)});
  BOOST_TEST(ask<bool>(aut, atom::close_v, false));
  kill(caf::actor_cast<caf::actor>(aut));
  auto files = open_files();
  BOOST_REQUIRE(files.has_value());
  BOOST_TEST((files->start() == io::run_start::resumed));
  BOOST_TEST((files->waiting() == std::vector<uint64_t>{5}));
}

BOOST_AUTO_TEST_CASE(a_damaged_recorded_line_stops_the_output) {
  auto aut = open_output();
  self->monitor(aut);
  write(aut, {sink_item{0, {}, core::make_payload("{\"edited\":true}\n")}});
  std::optional<caf::error> why;
  self->receive([&](const caf::down_msg& m) { why = m.reason; }, caf::after(0s) >> [] {});
  BOOST_REQUIRE(why.has_value());
  BOOST_TEST((why->code() == static_cast<uint8_t>(errc::corrupt)));
  BOOST_TEST(written->empty());
}

BOOST_AUTO_TEST_CASE(the_lock_is_free_when_the_actor_is_gone) {
  auto aut = open_output();
  BOOST_TEST(!open_files().has_value());
  kill(caf::actor_cast<caf::actor>(aut));
  BOOST_TEST(open_files().has_value());
}

BOOST_AUTO_TEST_SUITE_END()
