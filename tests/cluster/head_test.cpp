#include "actors/peer/connect.hpp"
#include "messages/errors.hpp"
#include "tests/support/cluster_fixture.hpp"

#include <caf/all.hpp>

#include <csignal>
#include <random>

using namespace penstock;
using namespace penstock::test;
using namespace std::chrono_literals;

namespace {

constexpr uint32_t slots = 16;

struct fixture : cluster_fixture {
  fixture() : cluster_fixture(mock_of("100ms")) { start_head(); }
};

/// A job of two requests.
submission job_with_key(const std::string& key) {
  submission s;
  s.idempotency_key = key;
  for (uint64_t i = 0; i < 2; ++i) {
    core::request r;
    r.index = i;
    r.custom_id = key + "-" + std::to_string(i);
    r.method = "POST";
    r.url = "/v1/chat/completions";
    r.model = "m";
    r.body = core::make_payload(mock_fixture::chat("question " + key));
    s.requests.push_back(make_shared_value(std::move(r)));
  }
  return s;
}

/// Submits jobs, one after the other, from this process.
class submitter {
public:
  explicit submitter(const std::string& address) {
    settings_.head = address;
    config_ = std::make_unique<actors::cluster_config>(settings_);
    sys_ = std::make_unique<caf::actor_system>(*config_);
  }

  /// @returns nullopt if it was not acknowledged.
  std::optional<job_ticket> submit(const submission& job, duration timeout) {
    if (!engine_) {
      auto engine = actors::connect(*sys_, settings_, "client", "test", timeout);
      if (!engine)
        return std::nullopt;
      engine_ = *engine;
    }
    std::optional<job_ticket> ticket;
    caf::scoped_actor self{*sys_, true};
    self->request(engine_, timeout, atom::submit_v, job)
      .receive([&](const job_ticket& t) { ticket = t; },
               [&](const caf::error&) { engine_ = engine_actor{}; });
    return ticket;
  }

private:
  config::cluster_settings settings_;
  std::unique_ptr<actors::cluster_config> config_;
  std::unique_ptr<caf::actor_system> sys_;
  engine_actor engine_;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(head, fixture)

// C3
BOOST_AUTO_TEST_CASE(killed_under_load_a_head_goes_on_where_it_was) {
  const size_t lines = rounds(1500, 400), kills = rounds(3, 1);
  start_node("n1", slots);
  start_node("n2", slots);
  wait_for_nodes(2);
  write_input(lines);
  const auto client = submit();
  for (size_t i = 1; i <= kills; ++i) {
    wait_for_requests(lines * i / (kills + 2));
    kill(*head);
    const auto killed = std::chrono::steady_clock::now();
    BOOST_TEST(node("n1").says("lost the head"));
    start_head();
    wait_for_nodes(2);
    const auto before = upstream.mock->stats().requests();
    wait_for_requests(before + 1);
    BOOST_TEST_MESSAGE("working again " << to_seconds(std::chrono::steady_clock::now() - killed)
                                        << " s after the kill");
  }
  // Requests in flight, and outcomes that did not reach the disk, are sent again.
  const auto end = end_of_submit(*client);
  check_all(end, kills * 4 * slots);
  BOOST_TEST((view().info(1).progress.state == job_state::completed));
  BOOST_TEST(!node("n1").has_ended());
}

// C3, without a client that waits for the results.
BOOST_AUTO_TEST_CASE(a_detached_job_outlives_all_processes) {
  write_input(300);
  start_node("n1", slots);
  wait_for_nodes(1);
  const auto detached = client({"submit", in, "--detach"});
  BOOST_TEST_REQUIRE(detached.code == 0, detached.err);
  wait_for_requests(50);
  kill(*head);
  kill(node("n1"));
  start_head();
  start_node("n3", slots);
  const auto followed = client({"results", "1", "--follow", "-o", out});
  BOOST_TEST(followed.code == 0, followed.err);
  const auto results = check_results(in, out, mock_options);
  BOOST_TEST(count_state(results, core::outcome_state::completed) == 300u);
}

// C1, C2 and C3 in one job. PENSTOCK_TEST_REQUESTS makes it longer.
BOOST_AUTO_TEST_CASE(a_node_killed_one_stopped_and_the_head_killed_cost_no_outcome) {
  const auto* wanted = std::getenv("PENSTOCK_TEST_REQUESTS");
  const size_t lines = wanted ? std::stoul(wanted) : rounds(5000, 1500);
  constexpr uint32_t width = 64;
  for (const auto* name : {"n1", "n2", "n3", "n4"})
    start_node(name, width);
  wait_for_nodes(4);
  write_input(lines);
  const auto client = submit();
  const auto timed = [](const char* what, auto&& happens) {
    const auto begun = std::chrono::steady_clock::now();
    happens();
    BOOST_TEST_MESSAGE(what << ": " << to_seconds(std::chrono::steady_clock::now() - begun)
                            << " s");
  };
  wait_for_requests(lines / 5);
  kill(node("n1"));
  timed("killed node known", [&] { wait_for_nodes(3); });
  wait_for_requests(2 * lines / 5);
  node("n2").signal(SIGSTOP);
  timed("stopped node known", [&] { wait_for_nodes(2); });
  const auto stopped = std::chrono::steady_clock::now();
  wait_for_requests(3 * lines / 5);
  kill(*head);
  const auto before = upstream.mock->stats().requests();
  start_head();
  timed("working again after the head's restart", [&] { wait_for_requests(before + 1); });
  wait_for_nodes(2);
  BOOST_REQUIRE(wait_until([&] { return std::chrono::steady_clock::now() - stopped > 6s; }));
  node("n2").signal(SIGCONT);
  timed("stopped node back", [&] { wait_for_nodes(3); });
  check_all(end_of_submit(*client), 2 * width + 2 * 3 * width);
}

BOOST_AUTO_TEST_CASE(where_it_listens_is_told_to_programs_too) {
  kill(*head);
  process p{with_common({"serve", "--json", "--listen", "127.0.0.1:0", "--store", store, "--slots",
                         "0", "--base-url", upstream.mock->base_url()})};
  BOOST_REQUIRE(wait_until([&] { return p.out().find('\n') != std::string::npos; }));
  const auto line = boost::json::parse(p.out()).as_object();
  BOOST_TEST(line.at("event").as_string() == "listening");
  BOOST_TEST(line.at("host").as_string() == "127.0.0.1");
  BOOST_TEST(line.at("address").as_string() == "127.0.0.1:" + std::to_string(number(line, "port")));
}

BOOST_AUTO_TEST_CASE(a_head_that_stood_still_goes_on_with_its_nodes) {
  start_node("n1", slots);
  start_node("n2", slots);
  wait_for_nodes(2);
  write_input(rounds(1200, 500));
  const auto client = submit();
  wait_for_requests(100);
  head->signal(SIGSTOP);
  // The nodes treat it as lost, and stop: no more money is spent.
  BOOST_TEST(node("n1").says("lost the head"));
  BOOST_TEST(node("n2").says("lost the head"));
  BOOST_REQUIRE(wait_until([this] { return upstream.mock->stats().in_flight() == 0; }));
  const auto before = upstream.mock->stats().requests();
  // It is stopped for as long as a few tries to find it take.
  BOOST_TEST(node("n1").says("no head answers"));
  BOOST_TEST(upstream.mock->stats().requests() == before);
  head->signal(SIGCONT);
  wait_for_nodes(2);
  check_all(end_of_submit(*client), 4 * slots);
}

// P2
BOOST_AUTO_TEST_CASE(what_was_acknowledged_is_there_after_any_kill_and_never_twice) {
  const auto seed = std::random_device{}();
  std::mt19937 random{seed};
  std::map<std::string, uint64_t> acknowledged; // By key.
  size_t unknown = 0;
  BOOST_TEST_CONTEXT("seed " << seed) {
    for (size_t life = 0, kills = rounds(8, 3); life < kills; ++life) {
      submitter s{address};
      const auto last = std::chrono::microseconds{random() % 60'000};
      std::thread killer{[&] {
        std::this_thread::sleep_for(last); // Any moment is fine.
        head->signal(SIGKILL);
      }};
      for (int i = 0; !head->has_ended() && i < 10'000; ++i) {
        const auto key = std::to_string(life) + "-" + std::to_string(i);
        if (const auto ticket = s.submit(job_with_key(key), 1s))
          acknowledged[key] = ticket->job;
        else
          ++unknown;
      }
      killer.join();
      head->wait();
      start_head();
    }
    submitter s{address};
    std::set<uint64_t> ids;
    for (auto& [key, job] : acknowledged) {
      const auto ticket = s.submit(job_with_key(key), patience);
      BOOST_REQUIRE(ticket);
      BOOST_TEST(ticket->existed);
      BOOST_TEST(ticket->job == job);
      BOOST_TEST(ids.insert(job).second);
    }
    BOOST_TEST_MESSAGE(acknowledged.size() << " acknowledged, " << unknown << " unknown");
  }
}

// P4 and P5: a store that cannot be written acknowledges no submission.
BOOST_AUTO_TEST_CASE(a_full_disk_ends_the_head_and_keeps_what_was_acknowledged) {
  kill(*head);
  auto limited = std::make_unique<process>([&] {
    auto c = bare_command({"serve", "--listen", address, "--store", store, "--slots", "0",
                           "--base-url", upstream.mock->base_url()});
    c.before = "ulimit -f 2048"; // KiB, of each file.
    return c;
  }());
  BOOST_REQUIRE(wait_until([&] { return limited->out().find('\n') != std::string::npos; }));
  std::vector<std::pair<std::string, uint64_t>> acknowledged;
  {
    submitter s{address};
    const std::string filler(20'000, 'x');
    for (int i = 0; i < 10'000 && !limited->has_ended(); ++i) {
      const auto key = std::to_string(i) + filler.substr(0, 10);
      auto job = job_with_key(key);
      auto big = *job.requests[0];
      big.body = core::make_payload(mock_fixture::chat(filler));
      job.requests[0] = make_shared_value(std::move(big));
      if (const auto ticket = s.submit(job, 2s))
        acknowledged.emplace_back(key, ticket->job);
      else
        break;
    }
  }
  BOOST_TEST(limited->wait() == 3);
  BOOST_TEST_MESSAGE(limited->err());
  BOOST_TEST(limited->err().find("jobs.db") != std::string::npos, limited->err());
  BOOST_TEST(acknowledged.size() > 5u);
  start_head();
  for (auto& [key, job] : acknowledged)
    BOOST_TEST(view().info(job).idempotency_key == key);
}

BOOST_AUTO_TEST_CASE(a_second_head_on_the_same_store_is_refused) {
  const auto second =
    run_to_end(bare_command({"serve", "--listen", "127.0.0.1:0", "--store", store, "--slots", "0",
                             "--base-url", upstream.mock->base_url()}));
  BOOST_TEST(second.code != 0);
  BOOST_TEST(second.err.find(store) != std::string::npos, second.err);
  BOOST_TEST(second.out.empty());
}

BOOST_AUTO_TEST_CASE(an_address_in_use_is_said_and_nothing_is_served) {
  const auto second =
    run_to_end(bare_command({"serve", "--listen", address, "--store", dir / "other.db", "--slots",
                             "0", "--base-url", upstream.mock->base_url()}));
  BOOST_TEST(second.code == 3);
  BOOST_TEST(second.err.find("cannot listen at " + address) != std::string::npos, second.err);
}

BOOST_AUTO_TEST_SUITE_END()
