#include "actors/supervisor/supervisor.hpp"
#include "actors/supervisor/cache_setup.hpp"
#include "apps/penstock/process/engine_setup.hpp"
#include "apps/penstock/run/file_job.hpp"
#include "messages/system_config.hpp"
#include "tests/support/program_fixture.hpp"

#include <caf/all.hpp>

// Two jobs of one engine, with the real files, lanes, cache and HTTP, against the mock.
using namespace penstock;
using namespace penstock::test;

namespace {

mock::mock_options slow_enough() {
  mock::mock_options o;
  o.latency = *mock::parse_latency("20ms");
  return o;
}

struct fixture : program_fixture {
  fixture() : program_fixture(slow_enough()) {
    settings.upstream.base_url = upstream.mock->base_url();
    settings.cache.mode = core::cache_mode::on;
    settings.cache.file = dir / "cache.db";
    settings.run.in_flight_max = 16;
    auto setup = actors::make_supervisor_setup(settings, {{settings.upstream.name, ""}});
    setup.cache = actors::make_cache_setup(settings.cache.file, actors::cache_limits_of(settings));
    supervisor = sys.spawn(actors::supervisor, std::move(setup));
    self->request(supervisor, patience, atom::engine_v)
      .receive([this](engine_actor e) { engine = std::move(e); }, fail);
  }
  ~fixture() {
    self->request(supervisor, patience, atom::stop_v).receive([](bool) {}, fail);
  }
  static void fail(const caf::error& e) { BOOST_FAIL(caf::to_string(e)); }

  uint64_t submit(const std::string& output, const std::string& tenant) {
    cli::file_job_options files;
    files.input = in;
    files.output = output;
    auto job = std::make_shared<cli::file_job>(std::move(files));
    BOOST_REQUIRE(job->prepare().has_value());
    cli::run_command command;
    command.input = in;
    command.output = output;
    auto options = cli::make_job_options(settings, command);
    options.tenant = tenant;
    uint64_t id = 0;
    self
      ->request(engine, patience, atom::submit_v,
                local_submission{std::move(options), std::move(job)})
      .receive([&](uint64_t x) { id = x; }, fail);
    return id;
  }

  job_progress end_of_job(uint64_t id) {
    job_progress end;
    self->request(engine, patience, atom::wait_v, id)
      .receive([&](const job_progress& p) { end = p; }, fail);
    return end;
  }

  config::settings settings;
  system_config system_settings;
  caf::actor_system sys{system_settings};
  caf::scoped_actor self{sys, true};
  supervisor_actor supervisor;
  engine_actor engine;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(joining, fixture)

BOOST_AUTO_TEST_CASE(two_equal_jobs_at_once_cost_the_upstream_one_set_of_requests) {
  write_input(300);
  const auto first = submit(dir / "a.jsonl", "default"),
             second = submit(dir / "b.jsonl", "default");
  const auto a = end_of_job(first), b = end_of_job(second);
  BOOST_TEST(a.completed == 300u);
  BOOST_TEST(b.completed == 300u);
  BOOST_TEST(upstream.mock->stats().requests() == 300u);
  BOOST_TEST(a.attempts + b.attempts == 300u);
  BOOST_TEST(a.cached + b.cached == 300u);
  const auto left = check_results(in, dir / "a.jsonl", mock_options);
  const auto right = check_results(in, dir / "b.jsonl", mock_options);
  BOOST_REQUIRE(left.size() == right.size());
  for (size_t i = 0; i < left.size(); ++i)
    BOOST_TEST(left[i].text == right[i].text);
}

BOOST_AUTO_TEST_CASE(tenants_never_share_an_answer) {
  write_input(50);
  const auto first = submit(dir / "a.jsonl", "one"), second = submit(dir / "b.jsonl", "another");
  BOOST_TEST(end_of_job(first).cached + end_of_job(second).cached == 0u);
  BOOST_TEST(upstream.mock->stats().requests() == 100u);
}

BOOST_AUTO_TEST_SUITE_END()
