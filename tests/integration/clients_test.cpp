#include "tests/support/cluster_fixture.hpp"

#include <csignal>
#include <filesystem>
#include <memory>
#include <random>

using namespace penstock;
using namespace penstock::test;
using namespace std::chrono_literals;

namespace {

/// Number of requests that may be sent again after the kill of a head: those in flight, and the
/// last answers, which wait for their commit.
constexpr uint64_t lost_max = 16 + 512;

bool contains(std::string_view text, std::string_view what) { return text.find(what) != text.npos; }

/// A head with its own slots, the mock, and clients of the head.
struct clients_fixture : cluster_fixture {
  explicit clients_fixture(mock::mock_options options = {}) : cluster_fixture(std::move(options)) {
    start();
  }

  void start(const char* slots = "16") { start_head({"--slots", slots}); }
  void restart() {
    kill(*head);
    start();
  }

  command client_command(words args) const {
    args.insert(args.end(), {"--head", address});
    return bare_command(std::move(args));
  }
  finished ask(words args) const { return run_to_end(client_command(std::move(args))); }
  boost::json::object look(words args) const {
    args.push_back("--json");
    const auto end = ask(args);
    BOOST_TEST_CONTEXT(end.err) {
      BOOST_REQUIRE(end.code == 0);
      return boost::json::parse(end.out).as_object();
    }
    return {};
  }
  run_end submitted(const words& options = {}) { return end_of_submit(*submit(options)); }
  /// Submits a job without following it. @returns its number.
  std::string leave(const words& options = {}) const {
    words args{"submit", in, "--detach", "--quiet"};
    args.insert(args.end(), options.begin(), options.end());
    const auto end = ask(args);
    BOOST_TEST_CONTEXT(end.err) BOOST_REQUIRE(end.code == 0);
    return end.out.substr(0, end.out.find('\n'));
  }
  uint64_t seen() const { return upstream.mock->stats().requests(); }
  /// Complete lines so far; the next one may just be written.
  static uint64_t lines_of(const std::string& path) {
    return std::filesystem::exists(path)
             ? static_cast<uint64_t>(std::ranges::count(read_file(path), '\n'))
             : 0;
  }
};

struct slow_fixture : clients_fixture {
  explicit slow_fixture(std::string latency = is_sanitized() ? "160ms" : "80ms")
      : clients_fixture(mock_of(latency)) {
    write_input(lines);
  }
  static constexpr size_t lines = 200; // One second, with 16 at once.
};

/// A job that takes longer than six commands, also with slow sanitizers.
struct long_fixture : slow_fixture {
  long_fixture() : slow_fixture(is_sanitized() ? "1500ms" : "400ms") {}
};

} // namespace

BOOST_AUTO_TEST_SUITE(clients)

BOOST_FIXTURE_TEST_CASE(a_submitted_job_writes_what_a_run_writes, clients_fixture) {
  write_input(1500); // Several parts.
  const auto end = submitted();
  BOOST_TEST(end.code == 0);
  BOOST_TEST(check(end).size() == 1500u);
  BOOST_TEST(number(end.summary, "job") == 1u);
  BOOST_TEST(seen() == 1500u);
  // The same command has nothing to do. A new output is a new job.
  BOOST_TEST(submitted().code == 0);
  BOOST_TEST(seen() == 1500u);
  const auto other = submitted({"-o", dir / "other.jsonl"});
  BOOST_TEST(other.code == 0);
  BOOST_TEST(seen() == 3000u);
}

BOOST_FIXTURE_TEST_CASE(a_pipe_and_standard_output_do_as_well, clients_fixture) {
  write_input(40);
  auto c = client_command({"submit", "-", "-o", "-", "--quiet"});
  c.input = true;
  process p{c};
  BOOST_REQUIRE(p.write(read_file(in)));
  p.close_input();
  BOOST_TEST(p.wait() == 0);
  write_file(out, p.out());
  BOOST_TEST(check_results(in, out, mock_options).size() == 40u);
}

BOOST_FIXTURE_TEST_CASE(unusable_lines_fail_in_place_and_duplicates_are_refused, clients_fixture) {
  write_file(in, request_line(0) + "nonsense\n" + request_line(1));
  const auto end = submitted();
  BOOST_TEST(end.code == 1);
  BOOST_TEST(number(end.summary, "failed") == 1u);
  BOOST_TEST(read_results(out).size() == 3u);
  BOOST_TEST(submitted({"--strict", "--restart"}).code == 2);
  write_file(in, request_line(0) + request_line(0));
  const auto refused = submitted({"-o", dir / "o"});
  BOOST_TEST(refused.code == 2);
  BOOST_TEST(contains(refused.err, "stands already in line 1"));
  BOOST_TEST(seen() == 2u);
}

BOOST_FIXTURE_TEST_CASE(a_job_left_with_the_head_is_looked_at_and_fetched, long_fixture) {
  const auto job = leave({"--tenant", "night", "--priority", "bulk", "--name", "mine"});
  BOOST_TEST(job == "1");
  const auto first = ask({"results", job});
  BOOST_TEST(first.code == 0);
  BOOST_TEST(contains(first.err, "--follow waits"));
  const auto status = look({"status", job});
  BOOST_TEST(status.at("tenant").as_string() == "night");
  BOOST_TEST(status.at("priority").as_string() == "bulk");
  BOOST_TEST(status.at("class").as_string() == "bulk"); // The old name, for one release.
  BOOST_TEST(status.at("name").as_string() == "mine");
  BOOST_TEST(number(status, "requests") == lines);
  BOOST_TEST(look({"jobs"}).at("jobs").as_array().size() == 1u);
  BOOST_TEST(look({"jobs", "--tenant", "day"}).at("jobs").as_array().empty());

  // The next command continues a partial output, even after an incomplete line.
  BOOST_TEST(ask({"results", job, "-o", out}).code == 0);
  write_file(out, read_file(out) + "{\"id\":\"batch");
  const auto all = ask({"results", job, "-o", out, "--follow", "--json"});
  BOOST_TEST_CONTEXT(all.err) BOOST_TEST(all.code == 0);
  BOOST_TEST(check_results(in, out, mock_options).size() == lines);
  BOOST_TEST(seen() == lines);
  const auto again = ask({"results", job, "-o", out});
  BOOST_TEST(contains(again.err, "complete already"));
  const auto other = leave({"--name", "other"});
  BOOST_TEST(contains(ask({"results", other, "-o", out}).err, "begun with other settings"));
  BOOST_TEST(ask({"cancel", other}).code == 0);
  BOOST_TEST(ask({"results", job, "-o", out, "--restart"}).code == 0);
  BOOST_TEST(lines_of(out) == lines);
  const auto tail = ask({"results", job, "--from", "190"});
  BOOST_TEST(std::ranges::count(tail.out, '\n') == 10);

  BOOST_TEST(ask({"status", job, "--follow"}).code == 0);
  BOOST_TEST(look({"jobs"}).at("jobs").as_array().empty());
  BOOST_TEST(look({"jobs", "--all"}).at("jobs").as_array().size() == 2u);
  const auto tenants = look({"tenants"}).at("tenants").as_array();
  const auto night =
    std::ranges::find_if(tenants, [](auto& t) { return t.at("tenant").as_string() == "night"; });
  BOOST_REQUIRE(night != tenants.end());
  BOOST_TEST(number(night->as_object(), "completed") == lines);
}

BOOST_FIXTURE_TEST_CASE(an_idempotency_key_makes_two_submissions_one_job, clients_fixture) {
  write_input(50);
  const auto job = leave({"--idempotency-key", "k"});
  BOOST_TEST(leave({"--idempotency-key", "k"}) == job);
  BOOST_TEST(leave({"--idempotency-key", "k", "--tenant", "other"}) != job);
  const auto end = submitted({"--idempotency-key", "k"});
  BOOST_TEST(end.code == 0);
  BOOST_TEST(check(end).size() == 50u);
  write_input(51);
  const auto refused = submitted({"--idempotency-key", "k", "-o", dir / "o"});
  BOOST_TEST(refused.code == 2);
  BOOST_TEST(contains(refused.err, "with 50 requests already"));
}

BOOST_FIXTURE_TEST_CASE(an_output_of_something_else_is_left_alone, clients_fixture) {
  write_input(3);
  write_file(out, "precious\n");
  const auto end = submitted();
  BOOST_TEST(end.code == 2);
  BOOST_TEST(read_file(out) == "precious\n");
  BOOST_TEST(seen() == 0u);
  BOOST_TEST(submitted({"-o", in}).code == 2);
}

BOOST_FIXTURE_TEST_CASE(a_client_that_is_killed_goes_on_where_it_was, slow_fixture) {
  {
    const auto client = submit();
    auto& p = *client;
    BOOST_REQUIRE(wait_until([&] { return lines_of(out) > 20; }));
    p.signal(SIGKILL);
    p.wait();
  }
  const auto end = submitted();
  BOOST_TEST(end.code == 0);
  BOOST_TEST(check_results(in, out, mock_options).size() == lines);
  BOOST_TEST(seen() == lines);
  // On a busy machine all may be written before the kill. Then the head gets no question.
  if (number(end.summary, "resumed") < lines)
    BOOST_TEST(number(end.summary, "job") == 1u);
}

BOOST_FIXTURE_TEST_CASE(an_interrupted_client_says_how_to_go_on_and_the_job_runs_on, slow_fixture) {
  process p{client_command({"submit", in, "-o", out})};
  BOOST_REQUIRE(wait_until([&] { return lines_of(out) > 5; }));
  p.signal(SIGINT);
  BOOST_TEST(p.wait() == 128 + SIGINT);
  BOOST_TEST_CONTEXT(p.err()) {
    BOOST_TEST(contains(p.err(), "penstock results 1 --follow -o " + out));
    BOOST_TEST(contains(p.err(), "penstock cancel 1"));
  }
  BOOST_TEST(ask({"results", "1", "--follow", "-o", out, "--quiet"}).code == 0);
  BOOST_TEST(check_results(in, out, mock_options).size() == lines);
  BOOST_TEST(seen() == lines);
}

BOOST_FIXTURE_TEST_CASE(a_client_outlives_its_head, slow_fixture) {
  process p{client_command({"submit", in, "-o", out})};
  BOOST_REQUIRE(wait_until([&] { return lines_of(out) > 20; }));
  kill(*head);
  BOOST_TEST(p.says("trying again"));
  start();
  BOOST_TEST_CONTEXT(p.err()) BOOST_TEST(p.wait() == 0);
  BOOST_TEST(contains(p.err(), "again"));
  BOOST_TEST(check_results(in, out, mock_options).size() == lines);
  BOOST_TEST(sent_again() <= lost_max);
}

BOOST_FIXTURE_TEST_CASE(who_follows_a_job_hears_its_end_also_after_the_head_was_killed,
                        slow_fixture) {
  const auto job = leave();
  process p{client_command({"status", job, "--follow", "--json"})};
  BOOST_REQUIRE(p.says("following job")); // Else the kill may come before its first connection.
  BOOST_REQUIRE(wait_until([&] { return seen() > 20; }));
  restart();
  BOOST_TEST_CONTEXT(p.err()) BOOST_TEST(p.wait() == 0);
  const auto status = boost::json::parse(p.out()).as_object();
  BOOST_TEST(status.at("state").as_string() == "completed");
  BOOST_TEST(number(status, "completed") == lines);
}

BOOST_FIXTURE_TEST_CASE(a_client_waits_for_a_head_that_was_stopped, slow_fixture) {
  process p{client_command({"submit", in, "-o", out})};
  BOOST_REQUIRE(wait_until([&] { return lines_of(out) > 20; }));
  head->signal(SIGTERM);
  BOOST_TEST_CONTEXT(head->err()) BOOST_TEST(head->wait() == 0);
  BOOST_TEST(p.says("trying again"));
  BOOST_TEST(lines_of(out) < lines);
  start();
  BOOST_TEST_CONTEXT(p.err()) BOOST_TEST(p.wait() == 0);
  BOOST_TEST(check_results(in, out, mock_options).size() == lines);
  BOOST_TEST(seen() == lines); // A drain loses no request.
}

BOOST_FIXTURE_TEST_CASE(kills_on_both_sides_lose_nothing, clients_fixture) {
  constexpr size_t count = 6000;
  write_input(count);
  const auto seed = std::random_device{}();
  BOOST_TEST_MESSAGE("seed " << seed);
  std::minstd_rand random{seed};
  auto p = submit();
  uint64_t head_kills = 0;
  for (size_t i = 0; i < rounds(8, 4) && !p->has_ended(); ++i) {
    const auto before = lines_of(out);
    const auto more = 1 + random() % 400; // At least one, so the client has connected to its head.
    wait_until([&] { return p->has_ended() || lines_of(out) >= before + more; });
    if (p->has_ended())
      break;
    if (random() % 2) {
      ++head_kills;
      restart();
    } else {
      p->signal(SIGKILL);
      p->wait();
      p = submit();
    }
  }
  BOOST_TEST_CONTEXT(p->err()) BOOST_TEST(p->wait() == 0);
  BOOST_TEST(check_results(in, out, mock_options).size() == count);
  BOOST_TEST(look({"jobs", "--all"}).at("jobs").as_array().size() == 1u);
  BOOST_TEST(sent_again() <= lost_max * head_kills);
}

BOOST_FIXTURE_TEST_CASE(a_head_on_another_store_is_not_taken_for_the_old_one, slow_fixture) {
  const auto client = submit();
  auto& p = *client;
  BOOST_REQUIRE(wait_until([&] { return lines_of(out) > 20; }));
  kill(*head);
  store = dir / "other.db";
  start();
  BOOST_TEST_CONTEXT(p.err()) {
    BOOST_TEST(p.wait() == 2);
    BOOST_TEST(contains(p.err(), "started on another store"));
  }
  const auto there = lines_of(out);
  BOOST_TEST(there < lines);
  const auto before = seen();
  const auto again = submitted();
  BOOST_TEST(again.code == 2);
  BOOST_TEST(contains(again.err, "no longer has the job"));
  BOOST_TEST(lines_of(out) == there);
  BOOST_TEST(seen() == before);
  BOOST_TEST(submitted({"--restart"}).code == 0);
  BOOST_TEST(check_results(in, out, mock_options).size() == lines);
}

BOOST_FIXTURE_TEST_CASE(a_client_without_patience_gives_up_and_can_go_on, slow_fixture) {
  const auto client = submit({"--patience", "1s"});
  auto& p = *client;
  BOOST_REQUIRE(wait_until([&] { return lines_of(out) > 20; }));
  kill(*head);
  BOOST_TEST(p.wait() == 3);
  start();
  BOOST_TEST(submitted().code == 0);
  BOOST_TEST(check_results(in, out, mock_options).size() == lines);
}

BOOST_FIXTURE_TEST_CASE(a_head_that_dies_while_it_receives_a_job_gets_the_rest, clients_fixture) {
  write_input(3000);
  const auto text = read_file(in);
  auto c = client_command({"submit", "-", "-o", out, "--quiet"});
  c.input = true;
  process p{c};
  const auto half = text.find('\n', text.size() / 2) + 1;
  BOOST_REQUIRE(p.write(text.substr(0, half)));
  // Some parts are stored at the head.
  BOOST_REQUIRE(wait_until([&] {
    const auto jobs = look({"jobs"}).at("jobs").as_array();
    return !jobs.empty() && number(jobs[0].as_object(), "requests") >= 1024;
  }));
  restart();
  BOOST_REQUIRE(p.write(text.substr(half)));
  p.close_input();
  BOOST_TEST_CONTEXT(p.err()) BOOST_TEST(p.wait() == 0);
  BOOST_TEST(check_results(in, out, mock_options).size() == 3000u);
  BOOST_TEST(look({"jobs", "--all"}).at("jobs").as_array().size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(a_cancelled_job_ends_with_an_outcome_for_every_request, clients_fixture) {
  upstream.mock.reset();
  upstream.mock = std::move(*mock::mock_server::start(mock_of("60s")));
  kill(*head);
  start("4");
  write_input(20);
  const auto client = submit();
  auto& p = *client;
  BOOST_REQUIRE(wait_until([&] { return seen() >= 4; }));
  const auto cancelled = look({"cancel", "1"});
  BOOST_TEST(cancelled.at("cancelled").as_bool());
  BOOST_TEST(p.wait() == 1);
  const auto results = read_results(out);
  BOOST_TEST(results.size() == 20u);
  for (auto& r : results)
    BOOST_TEST((r.record.state == core::outcome_state::cancelled));
  BOOST_TEST(!look({"cancel", "1"}).at("cancelled").as_bool());
  // What was cancelled runs again on request.
  BOOST_TEST(number(look({"retry", "1"}), "requests") == 20u);
  BOOST_TEST(look({"cancel", "1"}).at("cancelled").as_bool());
}

BOOST_FIXTURE_TEST_CASE(what_cannot_be_is_said_clearly, clients_fixture) {
  for (auto* name : {"status", "results", "cancel", "retry"}) {
    const auto end = ask({name, "17"});
    BOOST_TEST(end.code == 2, name);
    BOOST_TEST(contains(end.err, "no job 17"), end.err);
    BOOST_TEST(contains(ask({name, "x"}).err, "JOB is a number"));
  }
  kill(*head);
  const auto gone = ask({"nodes"});
  BOOST_TEST(gone.code == 3);
  BOOST_TEST(contains(gone.err, "penstock serve"), gone.err);
  const auto far = run_to_end(bare_command({"nodes", "--head", "192.0.2.1:7117"}));
  BOOST_TEST(far.code == 2);
  BOOST_TEST(contains(far.err, "certificate"), far.err);
}

BOOST_FIXTURE_TEST_CASE(nodes_lanes_and_all_of_it_are_shown, slow_fixture) {
  leave();
  const auto nodes = look({"nodes"}).at("nodes").as_array();
  BOOST_REQUIRE(nodes.size() == 1u);
  BOOST_TEST(number(nodes[0].as_object(), "slots") == 16u);
  BOOST_TEST(nodes[0].at("local").as_bool());
  const auto lanes = look({"lanes"}).at("lanes").as_array();
  BOOST_REQUIRE(lanes.size() == 1u);
  BOOST_TEST(lanes[0].at("breaker").as_string() == "closed");
  const auto top = ask({"top", "--once"});
  BOOST_TEST(top.code == 0);
  for (auto* part : {"NODES (1)", "LANES (1)", "TENANTS (1)", "JOBS (", "slots in use"})
    BOOST_TEST(contains(top.out, part), part);
  BOOST_TEST(!contains(top.out, "\033"));
}

BOOST_AUTO_TEST_SUITE_END()
