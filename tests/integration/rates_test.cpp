#include "tests/support/program_fixture.hpp"

#include <csignal>
#include <random>

using namespace penstock;
using namespace penstock::test;
using namespace std::chrono_literals;

namespace {

/// Seconds until the learning is over, and until the end. A whole minute of limits would be too
/// long for a test.
constexpr size_t settled = 15, length = 30;

struct fixture : program_fixture {
  /// Prompts of 200 to 1,000 characters, more than the limits allow.
  void write_prompts(size_t count) const {
    std::mt19937 random{7};
    std::string lines;
    for (size_t i = 0; i < count; ++i) {
      auto line = request_line(i, R"(,"max_tokens":60)");
      line.insert(line.find("question"), std::string(200 + random() % 800, 'p') + ' ');
      lines += line;
    }
    write_file(in, lines);
  }

  /// Runs against these limits for `length` seconds. @returns the mock's statistics.
  boost::json::object run_against(const mock::limiter_options& limits, const words& options) {
    mock::mock_options o;
    o.limits = limits;
    o.tokens.range = 0.5;
    o.latency = *mock::parse_latency("lognormal:p50=500ms,sigma=0.3");
    o.output = *mock::parse_output("lognormal:40,sigma=0.5");
    mock_fixture provider{o};
    write_prompts(6000);
    auto c = run_command(options);
    c.args.push_back("--restart");
    *(std::find(c.args.begin(), c.args.end(), "--base-url") + 1) = provider.mock->base_url();
    process p{c};
    const auto elapsed = [&] { return provider.stats().at("elapsed").to_number<double>(); };
    BOOST_REQUIRE(wait_until([&] { return elapsed() > length || p.has_ended(); }));
    BOOST_TEST(!p.has_ended());
    auto stats = provider.stats(settled);
    p.signal(SIGINT);
    BOOST_TEST(p.wait() == 130);
    return stats;
  }

  struct use {
    double used = 0;         ///< Used share of the tightest limit.
    double per_thousand = 0; ///< 429s per thousand requests.
  };
  static use use_of(const boost::json::object& stats, const words& dimensions) {
    const auto& share = stats.at("share").as_object();
    double used = 0;
    for (const auto& d : dimensions)
      used = std::max(used, share.at(d).to_number<double>());
    const auto per_thousand = 1000.0 * static_cast<double>(number(stats, "rate_limited")) /
                              static_cast<double>(number(stats, "requests"));
    BOOST_TEST_MESSAGE("limit in use " << used << ", 429s per 1,000 " << per_thousand << " of "
                                       << number(stats, "requests"));
    return {used, per_thousand};
  }

  /// T5 and T6, by the mock's count.
  void check_use(const mock::limiter_options& limits, const words& options,
                 const words& dimensions) {
    const auto least = is_sanitized() ? 0.85 : 0.93;
    const auto use = measured([&] { return use_of(run_against(limits, options), dimensions); },
                              [&](auto u) { return u.used >= least && u.per_thousand <= 2; });
    BOOST_TEST(use.used >= least);
    BOOST_TEST(use.used <= 1.02);
    BOOST_TEST(use.per_thousand <= 2);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(rates, fixture)

BOOST_AUTO_TEST_CASE(openai_limits_are_used_up_and_not_run_into) {
  mock::limiter_options limits;
  limits.style = mock::limit_style::openai;
  limits.rpm = 3000;
  limits.tpm = 300'000;
  check_use(limits, {"--rpm", "3000", "--tpm", "300000"}, {"rpm", "tpm"});
}

BOOST_AUTO_TEST_CASE(limits_of_input_and_output_are_used_up_and_not_run_into) {
  mock::limiter_options limits;
  limits.style = mock::limit_style::anthropic;
  limits.rpm = 3000;
  limits.itpm = 300'000;
  limits.otpm = 100'000;
  check_use(limits, {"--rpm", "3000", "--itpm", "300000", "--otpm", "100000"},
            {"rpm", "itpm", "otpm"});
}

BOOST_AUTO_TEST_SUITE_END()
