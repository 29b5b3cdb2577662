#include "tests/support/program_fixture.hpp"

#include "core/io/file/input_scan.hpp"
#include "core/io/file/run_files.hpp"

#include <csignal>
#include <random>
#include <set>

using namespace penstock;
using namespace penstock::test;
using namespace std::chrono_literals;

namespace {

constexpr size_t in_flight = 32;

/// The data on disk after a run is killed.
struct kept {
  uint64_t results = 0; ///< In the output or in the journal.
  bool complete = false;
};

struct fixture : program_fixture {
  fixture() : program_fixture(options()) {}

  static mock::mock_options options() {
    mock::mock_options o;
    o.latency = *mock::parse_latency("lognormal:p50=15ms,sigma=0.5");
    return o;
  }

  words width() const { return {"--in-flight-max", std::to_string(in_flight)}; }

  /// Reads the files as the next run does.
  kept look() const {
    if (!std::filesystem::exists(out + ".penstock-journal"))
      return {};
    const auto scanned = io::scan_input(in, {});
    BOOST_REQUIRE(scanned.has_value());
    io::run_request request;
    request.identity = {in, scanned->hash, "openai model="};
    request.input_requests = scanned->requests;
    request.output = out;
    auto files = io::run_files::open(request);
    BOOST_REQUIRE_MESSAGE(files.has_value(), to_string(files.error()));
    return {files->next_index() + files->waiting().size(),
            files->start() == io::run_start::complete};
  }

  /// Requests that the mock received, but whose outcome the run did not keep.
  uint64_t wasted(const kept& k) const {
    BOOST_REQUIRE(wait_until([this] { return upstream.mock->stats().in_flight() == 0; }));
    const auto seen = number(upstream.stats().at("ids").as_object(), "distinct");
    BOOST_REQUIRE(seen >= k.results);
    return seen - k.results;
  }
};

std::multiset<std::string> essences(const std::vector<result_line>& results) {
  std::multiset<std::string> all;
  for (const auto& r : results)
    all.insert(r.essence());
  return all;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(resume, fixture)

// P1
BOOST_AUTO_TEST_CASE(killed_again_and_again_a_run_ends_as_if_undisturbed) {
  const size_t lines = rounds(5000, 1500), kills = rounds(50, 10);
  write_input(lines, R"(,"max_tokens":40)");
  const auto undisturbed = run({"--in-flight-max", std::to_string(in_flight)});
  BOOST_REQUIRE(undisturbed.code == 0);
  const auto wanted = check(undisturbed);
  std::filesystem::rename(out, out + ".undisturbed");
  std::filesystem::remove(out + ".penstock-journal");

  const auto seed = std::random_device{}();
  std::mt19937 random{seed};
  uint64_t wasted_sum = 0, wasted_max = 0, killed = 0, sent_again = 0;
  BOOST_TEST_CONTEXT("seed " << seed) {
    upstream.mock->reset_stats();
    for (; killed < kills; ++killed) {
      process p{run_command(width())};
      // At any line that this life may reach, also at the start.
      const auto before = upstream.mock->stats().requests();
      const auto stop_at = before + random() % (2 * lines / kills);
      const auto pause = std::chrono::microseconds{random() % 20'000};
      BOOST_REQUIRE(
        wait_until([&] { return p.has_ended() || upstream.mock->stats().requests() >= stop_at; }));
      std::this_thread::sleep_for(pause); // A random moment; any moment is fine.
      p.signal(SIGKILL);
      p.wait();
      const auto k = look();
      const auto w = wasted(k);
      wasted_sum += w;
      wasted_max = std::max(wasted_max, w);
      if (k.complete)
        break;
    }
    const auto last = run(width());
    BOOST_TEST_REQUIRE(last.code == 0);
    const auto results = check(last);
    BOOST_TEST((essences(results) == essences(wanted)));
    const auto ids = upstream.stats().at("ids").as_object();
    BOOST_TEST(number(ids, "distinct") == lines);
    sent_again = number(ids, "duplicates");
    // Nothing is sent again but what was in flight at a kill, and that once a kill. Once a second
    // the output is synced; a kill in that moment finds answers that could not be handed to the
    // system yet.
    BOOST_TEST(sent_again <= wasted_sum);
    BOOST_TEST(wasted_sum <= (killed + 4) * in_flight);
    BOOST_TEST(killed >= kills / 2);
  }
  BOOST_TEST_MESSAGE("seed " << seed << ": " << killed << " kills, " << sent_again
                             << " requests sent again, " << wasted_sum
                             << " in flight at the kills, at most " << wasted_max << " at one");
}

BOOST_AUTO_TEST_SUITE_END()
