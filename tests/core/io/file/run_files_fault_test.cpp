#include "core/io/file/output_check.hpp"
#include "tests/support/run_files_fixture.hpp"
#include "tests/support/size_limit.hpp"

#include <algorithm>
#include <map>
#include <random>
#include <set>

using namespace penstock;
using namespace penstock::io;
using namespace penstock::test;

namespace fs = std::filesystem;

namespace {

// A run that finishes its requests in random order, as the engine does. Outcomes that cannot be
// written yet are kept, and sometimes there is a commit. Stops after `steps`, or at the end.
// @returns the requests that it sent.
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
      if (line.empty()) { // From an earlier run: only the journal has the line.
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

BOOST_FIXTURE_TEST_SUITE(run_file_faults, run_files_fixture)

BOOST_AUTO_TEST_CASE(every_torn_line_is_found) {
  const auto torn = line_of(2);
  for (size_t n = 0; n <= torn.size(); ++n) {
    write_file(dir / "out", whole_output(2) + torn.substr(0, n));
    const auto found = check_output(dir / "out", {0, 0, core::running_checksum{}.value(), {}});
    BOOST_REQUIRE(found.has_value());
    const uint64_t lines = n == torn.size() ? 3 : 2;
    BOOST_TEST(found->lines == lines);
    BOOST_TEST(found->bytes == whole_output(lines).size());
    BOOST_TEST((found->totals == whole_totals(lines)));
  }
}

BOOST_AUTO_TEST_CASE(a_torn_line_is_cut) {
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
    for (size_t n : {size_t{0}, size_t{1}, torn.size() / 2, torn.size() - 1, torn.size()}) {
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

// Kills a run many times at random moments, damages bytes that were not synced, and goes on.
BOOST_AUTO_TEST_CASE(killed_runs_end_in_the_output_of_an_undisturbed_one) {
  constexpr uint64_t requests = 40;
  for (uint32_t seed = 1; seed <= 12; ++seed) {
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
        // After a kill the file has all written lines, and perhaps the begin of one more.
        auto next = line_of(open(requests).next_index());
        take_state(dir / "state");
        BOOST_TEST(fs::file_size(dir / "out") == safe);
        write_file(dir / "out", read_file(dir / "out") + next.substr(0, random() % next.size()));
      }
      BOOST_TEST(read_file(dir / "out") == whole_output(requests));
      // Every outcome was stored or written before the kill, so no request was sent twice.
      for (auto& [index, times] : sent)
        BOOST_TEST(times == 1);
    }
  }
}

// Damages one file of an unfinished run at random: the run is refused, or ends with the right
// output.
BOOST_AUTO_TEST_CASE(damage_ends_in_the_right_output_or_in_a_refusal) {
  constexpr uint64_t requests = 40;
  std::mt19937 random{4711};
  {
    auto files = open(requests);
    work(files, requests, random, 25);
    copy_state(dir / "state");
  }
  size_t refused = 0, finished = 0;
  for (uint32_t seed = 1; seed <= 120; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      random.seed(seed);
      take_state(dir / "state");
      const char* names[] = {"out", "out.penstock-journal", "out.penstock-journal-wal"};
      const auto victim = dir / names[random() % 3];
      auto bytes = read_file(victim);
      if (seed % 4 == 0)
        bytes.resize(random() % bytes.size());
      else if (seed % 4 == 1)
        bytes.insert(random() % bytes.size(),
                     std::string(random() % 9 + 1, static_cast<char>(random())));
      else
        bytes[random() % bytes.size()] ^= static_cast<char>(1 << random() % 8);
      write_file(victim, bytes);
      auto files = run_files::open(request(requests));
      if (!files) {
        BOOST_TEST(
          (files.error().code == errc::corrupt || files.error().code == errc::invalid_config),
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
  BOOST_TEST(refused > 15u);
  BOOST_TEST(finished > 15u);
}

BOOST_AUTO_TEST_SUITE_END()
