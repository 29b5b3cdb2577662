#include "tests/support/cluster_fixture.hpp"

#include <string>

using namespace penstock;
using namespace penstock::test;

namespace {

struct retry_fixture : cluster_fixture {
  retry_fixture() { start_head({"--slots", "16"}); }

  void restart() {
    kill(*head);
    start_head({"--slots", "16"});
  }
  finished ask(words args) const {
    args.insert(args.end(), {"--head", address});
    return run_to_end(bare_command(std::move(args)));
  }
  run_end submitted(const words& options = {}) { return end_of_submit(*submit(options)); }
  uint64_t seen() const { return upstream.mock->stats().requests(); }
  static bool contains(std::string_view text, std::string_view what) {
    return text.find(what) != text.npos;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(retry, retry_fixture)

// Both commands that write outputs follow a retry, also over a head that was restarted.
BOOST_AUTO_TEST_CASE(an_output_is_brought_up_to_date_after_a_retry) {
  write_input(40);
  upstream.mock->set_faults(faults({"404:every=10"}));
  BOOST_REQUIRE(submitted({"--mode", "parallel"}).code == 1);
  const auto fetched = dir / "fetched.jsonl";
  BOOST_TEST(ask({"results", "1", "-o", fetched}).code == 0);
  const auto stale = read_results(out);
  BOOST_TEST(count_state(stale, core::outcome_state::failed) == 4u);
  // As long as nothing was retried, there is nothing new.
  BOOST_TEST(submitted().code == 1);
  BOOST_TEST(contains(ask({"results", "1", "-o", fetched}).err, "complete already"));

  upstream.mock->set_faults({});
  restart();
  BOOST_TEST(ask({"retry", "1"}).code == 0);
  const auto sent = seen();
  const auto end = submitted();
  BOOST_TEST_CONTEXT(end.err) BOOST_TEST(end.code == 0);
  BOOST_TEST(check_results(in, out, mock_options).size() == 40u);
  BOOST_TEST(count_state(read_results(out), core::outcome_state::completed) == 40u);
  BOOST_TEST(seen() <= sent + 4);
  BOOST_TEST(number(end.summary.at("changes").as_object(), "sent_again") == 4u);
  restart();
  const auto results = ask({"results", "1", "-o", fetched});
  BOOST_TEST(results.code == 0);
  BOOST_TEST(contains(results.err, "4 results"));
  BOOST_TEST(read_file(fetched) == read_file(out));
  BOOST_TEST(contains(ask({"results", "1", "-o", fetched}).err, "complete already"));
  BOOST_TEST(submitted().code == 0);
}

// Until the new results are there, the file stays as it was.
BOOST_AUTO_TEST_CASE(an_output_waits_for_a_retry_that_is_under_way) {
  write_input(40);
  upstream.mock->set_faults(faults({"404:every=4"}));
  BOOST_REQUIRE(submitted({"--mode", "parallel"}).code == 1);
  const auto before = read_file(out);
  upstream.mock->set_faults(faults({"slow:2s"}));
  BOOST_REQUIRE(ask({"retry", "1"}).code == 0);
  const auto now = ask({"results", "1", "-o", out});
  BOOST_TEST(now.code == 0);
  BOOST_TEST(contains(now.err, "as it was before the retry"));
  BOOST_TEST(read_file(out) == before);
  const auto waited = ask({"results", "1", "-o", out, "--follow"});
  BOOST_TEST_CONTEXT(waited.err) BOOST_TEST(waited.code == 0);
  BOOST_TEST(check_results(in, out, mock_options).size() == 40u);
}

BOOST_AUTO_TEST_SUITE_END()
