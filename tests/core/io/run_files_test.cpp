#include "core/io/run_files.hpp"
#include "tests/support/size_limit.hpp"
#include "tests/support/temp_dir.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>
#include <random>
#include <set>

using namespace penstock;
using namespace penstock::io;
using namespace penstock::test;

namespace {

namespace fs = std::filesystem;

core::outcome outcome_of(uint64_t index) {
  core::outcome o;
  o.index = index;
  o.custom_id = "id-" + std::to_string(index);
  o.state = index % 7 == 3 ? core::outcome_state::failed : core::outcome_state::completed;
  if (o.state == core::outcome_state::failed)
    o.failure = error{errc::server_error, "boom"};
  o.status_code = 200;
  o.body = core::make_payload(R"({"n":)" + std::to_string(index) + R"(,"pad":")"
                              + std::string(index % 50, 'x') + "\"}");
  o.attempts = 1 + index % 3;
  o.used = {10, 0, index, 0, true};
  return o;
}

std::string line_of(uint64_t index) { return core::output_line(outcome_of(index)); }

std::string whole_output(uint64_t requests) {
  std::string all;
  for (uint64_t i = 0; i < requests; ++i)
    all += line_of(i);
  return all;
}

core::output_totals whole_totals(uint64_t requests) {
  core::output_totals totals;
  for (uint64_t i = 0; i < requests; ++i)
    totals.add(core::record_of(outcome_of(i)));
  return totals;
}

result<void> write_lines(run_files& files, uint64_t first, uint64_t count) {
  std::string lines;
  std::vector<core::output_record> records;
  for (uint64_t i = first; i < first + count; ++i) {
    core::append_output_line(lines, outcome_of(i));
    records.push_back(core::record_of(outcome_of(i)));
  }
  return files.write(lines, records);
}

struct fixture {
  fixture() { write_file(dir / "in", "input"); }

  run_request request(uint64_t requests = 40) const {
    return {{dir / "in", std::string(64, 'a'), "model=m"}, requests, dir / "out", false};
  }
  run_files open(uint64_t requests = 40) const {
    auto files = run_files::open(request(requests));
    BOOST_REQUIRE_MESSAGE(files.has_value(), (files ? "" : to_string(files.error())));
    return std::move(*files);
  }
  errc refusal(const run_request& r) const {
    auto files = run_files::open(r);
    BOOST_REQUIRE(files.has_error());
    BOOST_TEST(!files.error().context.empty());
    return files.error().code;
  }
  // The state of the files as another process would find it after kill -9 right now.
  void copy_state(const std::string& to) const {
    fs::remove_all(to);
    fs::create_directory(to);
    for (auto name : {"out", "out.penstock-journal", "out.penstock-journal-wal"})
      if (fs::exists(dir / name))
        fs::copy_file(dir / name, fs::path{to} / name);
  }
  void take_state(const std::string& from) const {
    for (auto name : {"out", "out.penstock-journal", "out.penstock-journal-wal"}) {
      fs::remove(dir / name);
      if (fs::exists(fs::path{from} / name))
        fs::copy_file(fs::path{from} / name, dir / name);
    }
  }

  temp_dir dir;
};

// A run that finishes its requests in random order, as the engine would: what cannot be written yet
// is kept, and now and then there is a commit. Stops after `steps`, or when it is done.
// @returns the requests it had to send.
std::set<uint64_t> work(run_files& files, uint64_t requests, std::mt19937& random, size_t steps) {
  std::set<uint64_t> done(files.waiting().begin(), files.waiting().end());
  std::set<uint64_t> sent;
  std::map<uint64_t, std::string> memory;
  std::vector<uint64_t> todo;
  for (auto i = files.next_index(); i < requests; ++i)
    if (!done.contains(i))
      todo.push_back(i);
  for (size_t step = 0; step < steps; ++step) {
    if (!todo.empty()) {
      const auto pick = random() % std::min<size_t>(todo.size(), 8);
      const auto index = todo[pick];
      todo.erase(todo.begin() + static_cast<std::ptrdiff_t>(pick));
      sent.insert(index);
      done.insert(index);
      if (index != files.next_index()) {
        BOOST_REQUIRE(files.keep({{index, line_of(index)}}).has_value());
      }
      memory[index] = line_of(index);
    }
    while (done.contains(files.next_index())) {
      const auto next = files.next_index();
      auto line = memory[next];
      if (line.empty()) { // Of an earlier run: only the journal has it.
        auto kept = files.kept_from(next, 1);
        BOOST_REQUIRE((kept.has_value() && kept->size() == 1));
        line = (*kept)[0].second;
      }
      auto record = core::parse_output_line(line);
      BOOST_REQUIRE(record.has_value());
      BOOST_REQUIRE(files.write(line, std::span{&*record, 1}).has_value());
    }
    if (random() % 5 == 0)
      BOOST_REQUIRE(files.commit().has_value());
    if (files.next_index() == requests) {
      BOOST_REQUIRE(files.finish().has_value());
      break;
    }
  }
  return sent;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(run_file_sets, fixture)

BOOST_AUTO_TEST_CASE(a_run_from_start_to_end_leaves_output_and_mark) {
  {
    auto files = open(10);
    BOOST_TEST((files.start() == run_start::fresh));
    BOOST_TEST(files.is_resumable());
    BOOST_TEST(write_lines(files, 0, 10).has_value());
    BOOST_TEST((files.totals() == whole_totals(10)));
    BOOST_TEST(files.finish().has_value());
  }
  BOOST_TEST(read_file(dir / "out") == whole_output(10));
  BOOST_TEST(!fs::exists(dir / "out.penstock-lock"));
  auto again = open(10);
  BOOST_TEST((again.start() == run_start::complete));
  BOOST_TEST(again.next_index() == 10u);
  BOOST_TEST((again.totals() == whole_totals(10)));
  BOOST_TEST(write_lines(again, 10, 1).has_error());
}

BOOST_AUTO_TEST_CASE(an_empty_input_is_complete_at_once) {
  BOOST_TEST(open(0).finish().has_value());
  BOOST_TEST(read_file(dir / "out").empty());
  BOOST_TEST((open(0).start() == run_start::complete));
}

BOOST_AUTO_TEST_CASE(a_second_run_on_the_same_output_is_locked_out) {
  auto files = open();
  BOOST_TEST((refusal(request()) == errc::locked));
  fs::create_symlink("out", dir / "link");
  auto linked = request();
  linked.output = dir / "link";
  BOOST_TEST((refusal(linked) == errc::locked));
}

BOOST_AUTO_TEST_CASE(an_output_without_a_journal_is_left_alone) {
  write_file(dir / "out", "precious\n");
  BOOST_TEST((refusal(request()) == errc::invalid_config));
  BOOST_TEST(read_file(dir / "out") == "precious\n");
  auto r = request();
  r.restart = true;
  BOOST_TEST(run_files::open(r).has_value());
  BOOST_TEST(read_file(dir / "out").empty());
}

BOOST_AUTO_TEST_CASE(the_input_is_never_the_output) {
  auto r = request();
  r.output = dir / "in";
  r.restart = true;
  BOOST_TEST((refusal(r) == errc::invalid_config));
  BOOST_TEST(read_file(dir / "in") == "input");
  r.output = dir / ".";
  BOOST_TEST((refusal(r) == errc::invalid_config));
}

BOOST_AUTO_TEST_CASE(another_input_or_other_settings_are_refused) {
  {
    auto files = open();
    BOOST_TEST(write_lines(files, 0, 3).has_value());
  }
  auto r = request();
  r.identity.input_hash = std::string(64, 'b');
  BOOST_TEST((refusal(r) == errc::input_changed));
  r = request();
  r.identity.settings = "model=n";
  BOOST_TEST((refusal(r) == errc::input_changed));
  r = request();
  r.identity.input_hash.clear();
  BOOST_TEST((refusal(r) == errc::input_changed));
  r = request();
  r.identity.input_path = dir / "moved";
  BOOST_TEST(run_files::open(r).has_value());
}

BOOST_AUTO_TEST_CASE(an_edited_output_is_refused_before_and_after_completion) {
  auto edits = std::vector<std::pair<std::string, std::string>>{
    {"id-1", "id-2"}, {"\"n\":2", "\"n\":5"}, {line_of(1), ""}, {line_of(2), line_of(2) + "\n"}};
  for (bool finished : {false, true}) {
    for (bool committed : {true, false}) {
      for (auto& [from, to] : edits) {
        BOOST_TEST_CONTEXT(finished << committed << " " << from) {
          auto fresh = request(3);
          fresh.restart = true;
          {
            auto files = run_files::open(fresh);
            BOOST_REQUIRE(files.has_value());
            BOOST_REQUIRE(write_lines(*files, 0, 3).has_value());
            BOOST_REQUIRE((finished ? files->finish() : committed ? files->commit() : result<void>{}).has_value());
          }
          auto text = read_file(dir / "out");
          text.replace(text.find(from), from.size(), to);
          write_file(dir / "out", text);
          BOOST_TEST((refusal(request(3)) == errc::corrupt));
          BOOST_TEST(read_file(dir / "out") == text);
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_lost_output_is_refused_if_something_was_in_it) {
  {
    auto files = open();
    BOOST_TEST(files.keep({{5, line_of(5)}}).has_value());
  }
  fs::remove(dir / "out");
  {
    auto files = open();
    BOOST_TEST((files.waiting() == std::vector<uint64_t>{5}));
    BOOST_TEST(write_lines(files, 0, 2).has_value());
    BOOST_TEST(files.commit().has_value());
  }
  fs::remove(dir / "out");
  BOOST_TEST((refusal(request()) == errc::corrupt));
}

BOOST_AUTO_TEST_CASE(a_line_torn_at_any_byte_is_cut) {
  for (bool committed : {true, false}) {
    {
      auto r = request();
      r.restart = true;
      auto files = run_files::open(r);
      BOOST_REQUIRE(write_lines(*files, 0, 2).has_value());
      if (committed)
        BOOST_REQUIRE(files->commit().has_value());
    }
    copy_state(dir / "state");
    const auto torn = line_of(2);
    for (size_t n = 0; n <= torn.size(); ++n) {
      take_state(dir / "state");
      write_file(dir / "out", whole_output(2) + torn.substr(0, n));
      auto files = open();
      const uint64_t lines = n == torn.size() ? 3 : 2;
      BOOST_TEST((files.start() == run_start::resumed));
      BOOST_TEST(files.next_index() == lines);
      BOOST_TEST((files.totals() == whole_totals(lines)));
      BOOST_TEST(read_file(dir / "out") == whole_output(lines));
    }
  }
}

BOOST_AUTO_TEST_CASE(bytes_that_the_disk_never_got_are_cut) {
  {
    auto files = open();
    BOOST_REQUIRE(write_lines(files, 0, 2).has_value());
    BOOST_REQUIRE(files.commit().has_value());
    BOOST_REQUIRE(write_lines(files, 2, 3).has_value());
  }
  auto text = read_file(dir / "out");
  const auto hole = whole_output(3).size();
  text.replace(hole, 20, std::string(20, '\0'));
  write_file(dir / "out", text);
  auto files = open();
  BOOST_TEST(files.next_index() == 3u);
  BOOST_TEST(read_file(dir / "out") == whole_output(3));
}

BOOST_AUTO_TEST_CASE(more_lines_than_requests_are_refused) {
  {
    auto files = open(10);
    BOOST_REQUIRE(write_lines(files, 0, 5).has_value());
    BOOST_REQUIRE(files.keep({{8, line_of(8)}}).has_value());
  }
  BOOST_TEST((refusal(request(4)) == errc::corrupt));
  BOOST_TEST((refusal(request(8)) == errc::corrupt));
  BOOST_TEST(run_files::open(request(9)).has_value());
}

BOOST_AUTO_TEST_CASE(lines_out_of_order_are_never_written) {
  auto files = open();
  BOOST_TEST(write_lines(files, 1, 1).has_error());
  BOOST_TEST(read_file(dir / "out").empty());
  BOOST_TEST(files.finish().has_error());
}

BOOST_AUTO_TEST_CASE(rows_stay_in_the_journal_until_their_line_is_safe) {
  auto files = open();
  BOOST_TEST(files.keep({{1, line_of(1)}, {2, line_of(2)}}).has_value());
  BOOST_TEST(write_lines(files, 0, 3).has_value());
  BOOST_TEST(files.kept_from(0, 9)->size() == 2u);
  BOOST_TEST(files.commit().has_value());
  BOOST_TEST(files.kept_from(0, 9)->empty());
}

BOOST_AUTO_TEST_CASE(a_pipe_remembers_how_it_began) {
  auto r = request();
  r.identity = {"-", "", "model=m"};
  r.input_requests.reset();
  const input_mark mark{7, 99};
  {
    auto files = run_files::open(r);
    BOOST_REQUIRE(files.has_value());
    BOOST_TEST((files->expected_start() == input_mark{}));
    BOOST_TEST(files->keep({{3, line_of(3)}}, &mark).has_value());
  }
  auto files = run_files::open(r);
  BOOST_REQUIRE(files.has_value());
  BOOST_TEST((files->expected_start() == mark));
}

BOOST_AUTO_TEST_CASE(streams_have_neither_journal_nor_lock) {
  for (std::string output : {"/dev/null", "-"}) {
    auto r = request();
    r.output = output;
    auto files = run_files::open(r);
    BOOST_REQUIRE(files.has_value());
    BOOST_TEST(!files->is_resumable());
    BOOST_TEST(files->keep({{3, line_of(3)}}).has_value());
    BOOST_TEST(files->kept_from(0, 9)->empty());
    if (output == "/dev/null") {
      BOOST_TEST(write_lines(*files, 0, 40).has_value());
      BOOST_TEST(files->commit().has_value());
      BOOST_TEST(files->finish().has_value());
    }
  }
  BOOST_TEST(!fs::exists("/dev/null.penstock-journal"));
}

BOOST_AUTO_TEST_CASE(a_full_disk_leaves_a_state_that_resumes) {
  for (size_t room = 100; room < whole_output(40).size(); room += 977) {
    auto r = request();
    r.restart = true;
    uint64_t reached = 0;
    {
      auto files = run_files::open(r);
      BOOST_REQUIRE(files.has_value());
      size_limit limit{room};
      const auto written = write_lines(*files, 0, 40);
      BOOST_REQUIRE(written.has_error());
      BOOST_TEST((written.error().code == errc::disk_full));
      BOOST_TEST((files->commit().error().code == errc::disk_full));
      reached = files->next_index();
      BOOST_TEST((files->totals() == whole_totals(reached)));
    }
    auto files = open();
    BOOST_TEST(files.next_index() == reached);
    BOOST_TEST(write_lines(files, reached, 40 - reached).has_value());
    BOOST_TEST(files.finish().has_value());
    BOOST_TEST(read_file(dir / "out") == whole_output(40));
  }
}

// Kills a run again and again at random moments, tears what was not synced, and goes on.
BOOST_AUTO_TEST_CASE(killed_runs_end_in_the_output_of_an_undisturbed_one) {
  constexpr uint64_t requests = 40;
  for (uint32_t seed = 1; seed <= 25; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      std::mt19937 random{seed};
      auto first = request(requests);
      first.restart = true;
      std::map<uint64_t, int> sent;
      for (int life = 0;; ++life) {
        BOOST_REQUIRE(life < 100);
        auto files = run_files::open(life == 0 ? first : request(requests));
        BOOST_REQUIRE_MESSAGE(files.has_value(), (files ? "" : to_string(files.error())));
        BOOST_TEST((files->totals() == whole_totals(files->next_index())));
        const auto mine = work(*files, requests, random, random() % 20 + 1);
        for (auto i : mine)
          ++sent[i];
        if (files->next_index() == requests)
          break;
        const auto safe = fs::file_size(dir / "out");
        copy_state(dir / "state");
        files = error{errc::internal, "killed"};
        take_state(dir / "state");
        // A process that is killed leaves all it wrote, and perhaps the begin of one more line.
        auto next = line_of(open(requests).next_index());
        take_state(dir / "state");
        BOOST_TEST(fs::file_size(dir / "out") == safe);
        write_file(dir / "out", read_file(dir / "out") + next.substr(0, random() % next.size()));
      }
      BOOST_TEST(read_file(dir / "out") == whole_output(requests));
      // Every outcome was kept or written before the kill, so none was sent twice.
      for (auto& [index, times] : sent)
        BOOST_TEST(times == 1);
    }
  }
}

// Damages one file of a half-done run at random: the run is refused, or ends in the right output.
BOOST_AUTO_TEST_CASE(damage_ends_in_the_right_output_or_in_a_refusal) {
  constexpr uint64_t requests = 40;
  std::mt19937 random{4711};
  {
    auto files = open(requests);
    work(files, requests, random, 25);
    copy_state(dir / "state");
  }
  size_t refused = 0, finished = 0;
  for (uint32_t seed = 1; seed <= 300; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      random.seed(seed);
      take_state(dir / "state");
      const char* names[] = {"out", "out.penstock-journal", "out.penstock-journal-wal"};
      const auto victim = dir / names[random() % 3];
      auto bytes = read_file(victim);
      if (seed % 4 == 0)
        bytes.resize(random() % bytes.size());
      else if (seed % 4 == 1)
        bytes.insert(random() % bytes.size(), std::string(random() % 9 + 1, static_cast<char>(random())));
      else
        bytes[random() % bytes.size()] ^= static_cast<char>(1 << random() % 8);
      write_file(victim, bytes);
      auto files = run_files::open(request(requests));
      if (!files) {
        BOOST_TEST((files.error().code == errc::corrupt || files.error().code == errc::invalid_config),
                   to_string(files.error()));
        ++refused;
        continue;
      }
      work(*files, requests, random, 1000);
      BOOST_TEST(read_file(dir / "out") == whole_output(requests));
      BOOST_TEST((files->totals() == whole_totals(requests)));
      ++finished;
    }
  }
  BOOST_TEST(refused > 50u);
  BOOST_TEST(finished > 50u);
}

BOOST_AUTO_TEST_SUITE_END()
