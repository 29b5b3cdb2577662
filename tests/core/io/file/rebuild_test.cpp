#include "core/io/file/run_files.hpp"
#include "tests/support/temp_dir.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <filesystem>
#include <map>
#include <random>
#include <set>

using namespace penstock;
using namespace penstock::io;
using namespace penstock::test;

namespace {

/// A request of an input: its name (empty: none) and what it asks.
struct asked {
  std::string name, what;
  std::string line() const {
    const auto id = name.empty() ? std::string{} : R"("custom_id":")" + name + R"(",)";
    return "{" + id + R"("messages":[{"role":"user","content":")" + what + "\"}]}\n";
  }
};

struct rebuild_fixture {
  run_request request(const std::vector<asked>& input, bool retry = false,
                      const std::string& settings = "s") {
    std::string text;
    for (auto& r : input)
      text += r.line();
    write_file(dir / "in", text);
    content_hash hash;
    hash.update(text);
    run_request r;
    r.identity = {dir / "in", hash.hex(), settings};
    r.input_requests = input.size();
    r.output = dir / "out";
    r.retry_failed = retry;
    return r;
  }

  run_files open(const run_request& r) const {
    auto files = run_files::open(r);
    BOOST_REQUIRE_MESSAGE(files.has_value(), (files ? "" : to_string(files.error())));
    return std::move(*files);
  }
  error refusal(const run_request& r) const {
    auto files = run_files::open(r);
    BOOST_REQUIRE(files.has_error());
    return files.error();
  }

  /// The line that answers request `index` of the input; `answer` tells one sending from another.
  std::string answer(const std::vector<asked>& input, uint64_t index, const std::string& answer,
                     bool good = true) const {
    const auto r = core::parse_request_line(input[index].line(), index, index + 1);
    core::outcome o;
    o.custom_id = r.custom_id;
    o.state = good ? core::outcome_state::completed : core::outcome_state::failed;
    if (!good)
      o.failure = error{errc::server_error, "boom"};
    o.status_code = 200;
    o.attempts = 1;
    o.body =
      core::make_payload("{\"to\":\"" + input[index].what + "\",\"sent\":\"" + answer + "\"}");
    std::string line;
    core::append_output_line(line, o, {index, core::request_sum(r)});
    return line;
  }

  void write(run_files& files, const std::string& line) const {
    const auto record = core::parse_output_line(line);
    BOOST_REQUIRE(record.has_value());
    const auto written = files.write(line, {&*record, 1});
    BOOST_REQUIRE_MESSAGE(written.has_value(), (written ? "" : to_string(written.error())));
  }

  /// Sends all that is left, as `sent`, and finishes. @returns the places sent.
  std::vector<uint64_t> complete(run_files files, const std::vector<asked>& input,
                                 const std::string& sent) const {
    std::vector<uint64_t> places;
    std::map<uint64_t, std::string> rows;
    for (auto place : files.waiting())
      rows[place] = files.kept_from(place, 1)->front().second;
    for (auto n = files.sent_below(files.next_index());; ++n) {
      const auto place = files.place_of(n);
      if (place >= input.size())
        break;
      if (rows.contains(place)) {
        write(files, rows[place]);
        continue;
      }
      write(files, answer(input, place, sent));
      places.push_back(place);
    }
    const auto done = files.finish();
    BOOST_REQUIRE_MESSAGE(done.has_value(), (done ? "" : to_string(done.error())));
    return places;
  }

  /// Checks that every request has its answer in its place. @returns "sent" of each line.
  std::vector<std::string> check(const std::vector<asked>& input) const {
    std::vector<std::string> sent;
    const auto text = read_file(dir / "out");
    size_t at = 0;
    for (uint64_t index = 0; index < input.size(); ++index) {
      const auto end = text.find('\n', at);
      BOOST_REQUIRE(end != std::string::npos);
      const auto line = text.substr(at, end - at);
      at = end + 1;
      const auto record = core::parse_output_line(line);
      BOOST_REQUIRE(record.has_value());
      BOOST_TEST(record->index == index);
      const auto r = core::parse_request_line(input[index].line(), index, index + 1);
      BOOST_TEST(record->custom_id == r.custom_id);
      BOOST_TEST(record->request_sum == core::request_sum(r));
      BOOST_TEST(line.find("\"to\":\"" + input[index].what + "\"") != std::string::npos);
      const auto from = line.find("\"sent\":\"") + 8;
      sent.push_back(line.substr(from, line.find('"', from) - from));
    }
    BOOST_TEST(at == text.size());
    for (auto& entry : std::filesystem::directory_iterator(dir / "."))
      BOOST_TEST(entry.path().filename().string().find("penstock-kept") == std::string::npos);
    return sent;
  }

  /// `count` named requests; the first run answers them all but `failing`, and is finished.
  std::vector<asked> begin(uint64_t count, const std::set<uint64_t>& failing = {}) {
    std::vector<asked> input;
    for (uint64_t i = 0; i < count; ++i)
      input.push_back({"id-" + std::to_string(i), "q" + std::to_string(i)});
    auto files = open(request(input));
    for (uint64_t i = 0; i < count; ++i)
      write(files, answer(input, i, "first", !failing.contains(i)));
    BOOST_REQUIRE(files.finish().has_value());
    return input;
  }

  using list = std::vector<uint64_t>;
  temp_dir dir;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(rebuild_suite, rebuild_fixture)

BOOST_AUTO_TEST_CASE(only_failed_requests_are_sent_again_in_their_places) {
  const auto input = begin(10, {0, 4, 5, 9});
  BOOST_TEST((open(request(input)).start() == run_start::complete));
  const auto before = read_file(dir / "out");
  auto files = open(request(input, true));
  BOOST_TEST((files.start() == run_start::resumed));
  BOOST_TEST((files.changes() == change_counts{.kept = 6, .again = 4}));
  BOOST_TEST(files.kept_totals().completed == 6u);
  BOOST_TEST(read_file(dir / "out") == before);
  BOOST_TEST((complete(std::move(files), input, "second") == list{0, 4, 5, 9}));
  const auto sent = check(input);
  BOOST_TEST(std::ranges::count(sent, "first") == 6);
  BOOST_TEST(std::ranges::count(sent, "second") == 4);
  // Nothing is left to send again.
  BOOST_TEST((open(request(input, true)).start() == run_start::complete));
}

BOOST_AUTO_TEST_CASE(moved_lines_keep_their_answers_changed_and_new_ones_are_sent) {
  auto input = begin(10);
  std::swap(input[1], input[8]);
  std::rotate(input.begin() + 3, input.begin() + 5, input.begin() + 6);
  input[6].what = "mended";
  input.push_back({"id-10", "q10"});
  input.push_back({"", "bare"});
  auto files = open(request(input));
  BOOST_TEST((files.changes() == change_counts{.kept = 9, .changed = 1, .added = 2}));
  BOOST_TEST((complete(std::move(files), input, "second") == list{6, 10, 11}));
  check(input);
  input.erase(input.begin(), input.begin() + 2);
  files = open(request(input));
  BOOST_TEST((files.changes() == change_counts{.kept = 10, .removed = 2}));
  BOOST_TEST(complete(std::move(files), input, "third").empty());
  const auto sent = check(input);
  BOOST_TEST(std::ranges::count(sent, "first") == 7);
  BOOST_TEST(std::ranges::count(sent, "second") == 3);
}

BOOST_AUTO_TEST_CASE(an_input_that_only_grew_continues_the_output) {
  auto input = begin(5, {2});
  input.push_back({"id-5", "q5"});
  auto files = open(request(input));
  BOOST_TEST(!files.is_rebuilding());
  BOOST_TEST((files.changes() == change_counts{.kept = 5, .added = 1}));
  BOOST_TEST((complete(std::move(files), input, "second") == list{5}));
  check(input);
}

BOOST_AUTO_TEST_CASE(lines_without_names_are_matched_by_content) {
  std::vector<asked> input{{"", "a"}, {"", "b"}, {"", "b"}, {"", "c"}};
  {
    auto files = open(request(input));
    for (uint64_t i = 0; i < input.size(); ++i)
      write(files, answer(input, i, "first" + std::to_string(i)));
    BOOST_REQUIRE(files.finish().has_value());
  }
  input = {{"", "c"}, {"", "b"}, {"", "x"}, {"", "b"}, {"", "b"}, {"named", "a"}};
  BOOST_TEST((complete(open(request(input)), input, "second") == list{2, 4}));
  BOOST_TEST((check(input) == std::vector<std::string>{"first3", "first1", "second", "first2",
                                                       "second", "first0"}));
}

BOOST_AUTO_TEST_CASE(what_would_throw_all_answers_away_asks_first) {
  const auto input = begin(5, {2});
  const auto before = read_file(dir / "out");
  auto other = input;
  for (auto& r : other)
    r.what += " or not";
  for (const auto& why : {refusal(request(other)), refusal(request(input, false, "t")),
                          refusal(request(input, true, "t"))}) {
    BOOST_TEST((why.code == errc::input_changed));
    BOOST_TEST(why.context.find("throws away 4 paid answers") != std::string::npos);
  }
  BOOST_TEST(read_file(dir / "out") == before);
  BOOST_TEST((open(request(input)).start() == run_start::complete));
  std::filesystem::remove(dir / "out");
  std::filesystem::remove(dir / "out.penstock-journal");
  BOOST_TEST((refusal(request(input, true)).code == errc::invalid_config));
  BOOST_TEST(!std::filesystem::exists(dir / "out"));
}

BOOST_AUTO_TEST_CASE(answers_of_versions_that_noted_no_requests_are_not_guessed) {
  auto input = begin(3);
  {
    auto fresh = request(input);
    fresh.restart = true;
    auto files = open(fresh);
    for (uint64_t i = 0; i < 3; ++i) {
      core::outcome o;
      o.index = i;
      o.custom_id = input[i].name;
      o.state = core::outcome_state::completed;
      write(files, core::output_line(o));
    }
    BOOST_REQUIRE(files.finish().has_value());
  }
  input.push_back({"id-3", "q3"});
  BOOST_TEST(refusal(request(input)).context.find("an older penstock") != std::string::npos);
}

// Whatever the earlier run left, wherever the process dies, and though the input changes once more
// in between: no answer is lost, none is at a wrong place, and nothing is sent twice.
BOOST_AUTO_TEST_CASE(killed_anywhere_every_answer_stays_with_its_request) {
  for (unsigned seed = 1; seed <= 25; ++seed)
    BOOST_TEST_CONTEXT("seed " << seed) {
      std::mt19937_64 rng{seed};
      std::filesystem::remove(dir / "out");
      std::filesystem::remove(dir / "out.penstock-journal");
      std::vector<asked> input;
      for (uint64_t i = 0, n = 3 + rng() % 30; i < n; ++i)
        input.push_back({rng() % 4 == 0 ? "" : "id-" + std::to_string(i), "q" + std::to_string(i)});
      // Contents that have a good answer; each may be sent only once while it stays in the input.
      std::set<std::string> answered;
      const auto live = [&](run_files files, bool to_the_end, bool good) {
        const auto rows = files.waiting();
        const std::set<uint64_t> waits{rows.begin(), rows.end()};
        bool gap = false;
        for (auto n = files.sent_below(files.next_index()); files.place_of(n) < input.size(); ++n) {
          const auto place = files.place_of(n);
          if (!to_the_end && rng() % 12 == 0)
            return; // Killed.
          if (!to_the_end && rng() % 4 == 0) {
            gap = true; // This one is slow.
            continue;
          }
          const bool works = good || rng() % 3 > 0;
          std::string line;
          if (waits.contains(place)) {
            line = files.kept_from(place, 1)->front().second;
          } else {
            BOOST_TEST(!answered.contains(input[place].what));
            line = answer(input, place, "x", works);
            if (works)
              answered.insert(input[place].what);
          }
          if (gap)
            BOOST_REQUIRE(files.keep({{place, line}}).has_value());
          else
            write(files, line);
          if (rng() % 5 == 0)
            BOOST_REQUIRE(files.commit().has_value());
        }
        if (!gap)
          BOOST_REQUIRE(files.finish().has_value());
      };
      live(open(request(input)), rng() % 2 == 0, false);
      for (int life = 0; life < 4; ++life) {
        if (rng() % 2 == 0) {
          // One content always stays, so that there is something to keep.
          std::shuffle(input.begin(), input.end(), rng);
          for (auto& r : input)
            if (rng() % 8 == 0)
              r.what += "+";
          if (rng() % 2 == 0)
            input.push_back({"", "new" + std::to_string(rng() % 1000)});
        }
        const auto r = request(input, rng() % 2 == 0);
        auto files = run_files::open(r);
        if (!files) { // Nothing stayed.
          BOOST_TEST((files.error().code == errc::input_changed));
          break;
        }
        // Contents that are gone may come back without their answer.
        std::set<std::string> there;
        for (auto& a : input)
          there.insert(a.what);
        std::erase_if(answered, [&](auto& what) { return !there.contains(what); });
        if (files->start() != run_start::complete)
          live(std::move(*files), false, false);
      }
      auto files = run_files::open(request(input));
      if (!files)
        continue;
      if (files->start() != run_start::complete)
        live(std::move(*files), true, true);
      files = error{errc::internal, "closed"};
      files = open(request(input, true));
      if (files->start() != run_start::complete)
        live(std::move(*files), true, true);
      files = error{errc::internal, "closed"};
      check(input);
    }
}

BOOST_AUTO_TEST_CASE(a_kill_between_the_last_steps_of_a_rebuild_loses_nothing) {
  const auto input = begin(4, {1});
  complete(open(request(input, true)), input, "second");
  const auto whole = read_file(dir / "out");
  const auto again = [&](bool renamed) {
    // As if the process had died behind the journal's word that the new output is whole.
    auto opened = open_journal(dir / "out.penstock-journal");
    BOOST_REQUIRE(opened.has_value());
    const auto head = (*opened)->head();
    rebuild_mark mark;
    mark.number = 1;
    mark.requests = 4;
    BOOST_REQUIRE((*opened)->begin_rebuild(head.identity, mark).has_value());
    BOOST_REQUIRE((*opened)->set_checkpoint(head.checkpoint, true).has_value());
    opened = error{errc::internal, "closed"};
    if (!renamed) {
      std::filesystem::rename(dir / "out", dir / "out.penstock-next.1");
      write_file(dir / "out", "the old one\n");
    }
    BOOST_TEST((open(request(input)).start() == run_start::complete));
    BOOST_TEST(read_file(dir / "out") == whole);
    BOOST_TEST(!std::filesystem::exists(dir / "out.penstock-next.1"));
  };
  again(false);
  again(true);
}

BOOST_AUTO_TEST_SUITE_END()
