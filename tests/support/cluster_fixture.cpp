#include "tests/support/cluster_fixture.hpp"

#include "actors/peer/connect.hpp"
#include "messages/errors.hpp"

#include <caf/all.hpp>

#include <csignal>
#include <stdexcept>

namespace penstock::test {

// --- head_view ---

head_view::head_view(const config::cluster_settings& settings)
    : settings_{settings}, config_{settings_}, sys_{config_} {}

template <class T, class... Ts>
T head_view::ask(Ts... words) {
  constexpr auto one_try = std::chrono::seconds{5};
  std::optional<T> answer;
  std::string wrong;
  // After a head was down, the old handle is dead and never answers.
  const auto asked = wait_until([&] {
    if (!engine_) {
      auto engine = actors::connect(sys_, settings_, "client", "test", one_try);
      if (!engine) {
        wrong = engine.error().context;
        return false;
      }
      engine_ = std::move(*engine);
    }
    bool final = true;
    caf::scoped_actor self{sys_, true};
    self->request(engine_, one_try, words...)
      .receive([&](T& x) { answer = std::move(x); },
               [&](const caf::error& e) {
                 wrong = sys_.render(e);
                 final = e.category() == error_category;
               });
    if (!final)
      engine_ = engine_actor{};
    return final;
  });
  if (!asked || !answer)
    throw std::runtime_error{wrong};
  return std::move(*answer);
}

std::vector<node_info> head_view::nodes() { return ask<std::vector<node_info>>(atom::nodes_v); }
job_info head_view::info(uint64_t job) { return ask<job_info>(atom::info_v, job); }
lane_info head_view::lane() { return ask<std::vector<lane_info>>(atom::lanes_v).at(0); }

// --- processes ---

cluster_fixture::cluster_fixture(mock::mock_options options)
    : program_fixture{std::move(options)} {}

mock::mock_options cluster_fixture::mock_of(const std::string& latency) {
  mock::mock_options o;
  o.latency = *mock::parse_latency(latency);
  return o;
}

command cluster_fixture::with_common(words args) const {
  args.insert(args.end(), everywhere.begin(), everywhere.end());
  auto c = bare_command(std::move(args));
  c.env = {
    "OPENAI_API_KEY=a-key-of-the-test"}; // For nodes; an upstream on another machine needs a key.
  return c;
}

process& cluster_fixture::start_head(const words& options) {
  view_.reset();
  words args{"serve",   "--listen",   address.empty() ? "127.0.0.1:0" : address,
             "--store", store,        "--slots",
             "0",       "--base-url", upstream.mock->base_url()};
  args.insert(args.end(), times.begin(), times.end());
  args.insert(args.end(), options.begin(), options.end());
  auto c = with_common(std::move(args));
  c.env.insert(c.env.end(), head_env.begin(), head_env.end());
  head = std::make_unique<process>(std::move(c));
  const std::string begin = "listening on ";
  BOOST_REQUIRE_MESSAGE(
    wait_until([&] { return head->out().find('\n') != std::string::npos || head->has_ended(); }) &&
      head->out().starts_with(begin),
    "the head said: " << head->out() << head->err());
  const auto line = head->out();
  address = line.substr(begin.size(), line.find('\n') - begin.size());
  return *head;
}

process& cluster_fixture::start_node(const std::string& name, uint32_t slots,
                                     const words& options) {
  words args{"node",
             "--head",
             address,
             "--node-name",
             name,
             "--slots",
             std::to_string(slots),
             "--base-url",
             upstream.mock->base_url()};
  args.insert(args.end(), times.begin(), times.end());
  args.insert(args.end(), options.begin(), options.end());
  auto& p = nodes[name];
  p = std::make_unique<process>(with_common(std::move(args)));
  return *p;
}

void cluster_fixture::kill(process& p) {
  p.signal(SIGKILL);
  p.wait();
}

std::unique_ptr<process> cluster_fixture::submit(const words& options) {
  words args{"submit", in, "-o", out, "--head", address, "--quiet", "--json"};
  args.insert(args.end(), options.begin(), options.end());
  return std::make_unique<process>(with_common(std::move(args)));
}

run_end cluster_fixture::end_of_submit(process& client) {
  finished f;
  f.code = client.wait(4 * patience);
  f.out = client.out();
  f.err = client.err();
  return end_of(std::move(f));
}

finished cluster_fixture::client(words args) {
  args.insert(args.end(), {"--head", address});
  return run_to_end(with_common(std::move(args)));
}

// --- looking ---

head_view& cluster_fixture::view() {
  if (!view_) {
    auto settings = as_client;
    settings.head = address;
    view_ = std::make_unique<head_view>(settings);
  }
  return *view_;
}

void cluster_fixture::wait_for_nodes(size_t count, node_state state) {
  std::string last;
  const auto there = wait_until([&] {
    const auto all = view().nodes();
    last.clear();
    size_t n = 0;
    for (auto& node : all) {
      n += node.state == state;
      last += node.name + " " + std::string{to_string(node.state)} + "; ";
    }
    return n == count && all.size() == count;
  });
  for (auto& [name, p] : nodes)
    if (!there)
      last += "\n" + name + " said: " + p->err();
  BOOST_REQUIRE_MESSAGE(there, count << " nodes should be " << to_string(state) << ", there are: "
                                     << last << "\nthe head said: " << head->err());
}

void cluster_fixture::wait_for_requests(uint64_t count) {
  BOOST_REQUIRE_MESSAGE(wait_until([&] { return upstream.mock->stats().requests() >= count; }),
                        "the mock saw " << upstream.mock->stats().requests() << " requests, not "
                                        << count << "; the head said: " << head->err());
}

uint64_t cluster_fixture::sent_again() const {
  return number(upstream.stats().at("ids").as_object(), "duplicates");
}

void cluster_fixture::check_all(const run_end& end, uint64_t lost_max) {
  BOOST_TEST_CONTEXT("the head said: " << head->err() << "\nthe client said: " << end.err) {
    BOOST_TEST_REQUIRE(end.code == 0);
    const auto results = check(end);
    BOOST_TEST(count_state(results, core::outcome_state::completed) == results.size());
    BOOST_REQUIRE(wait_until([this] { return upstream.mock->stats().in_flight() == 0; }));
    const auto ids = upstream.stats().at("ids").as_object();
    BOOST_TEST(number(ids, "distinct") == results.size());
    const auto again = number(ids, "duplicates");
    const auto retried = attempts_of(results) - results.size();
    BOOST_TEST(again <= retried + lost_max);
    BOOST_TEST_MESSAGE("sent again: " << again << " (" << retried << " of them retries)");
  }
}

} // namespace penstock::test
