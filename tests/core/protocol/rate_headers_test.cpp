#include "core/protocol/rate_headers.hpp"

#include <boost/test/unit_test.hpp>

using namespace penstock;
using namespace penstock::core;
using namespace std::chrono_literals;

namespace {

const wall_time now{std::chrono::seconds{1785585603}}; // 2026-08-01T12:00:03Z

rate_headers read(std::vector<http_header> headers) {
  http_response reply;
  reply.headers = std::move(headers);
  return read_rate_headers(reply, now);
}

const limit_reading& of(const rate_headers& h, dimension d) {
  return h.limits[static_cast<size_t>(d)];
}

bool empty(const limit_reading& r) { return !r.limit && !r.remaining && !r.reset; }

} // namespace

BOOST_AUTO_TEST_SUITE(rate_headers_reader)

BOOST_AUTO_TEST_CASE(the_six_openai_headers_become_two_readings) {
  const auto h = read({{"x-ratelimit-limit-requests", "500"},
                       {"x-ratelimit-limit-tokens", "30000"},
                       {"x-ratelimit-remaining-requests", "499"},
                       {"x-ratelimit-remaining-tokens", "29900"},
                       {"x-ratelimit-reset-requests", "120ms"},
                       {"x-ratelimit-reset-tokens", "6m0s"}});
  const auto& requests = of(h, dimension::requests_minute);
  BOOST_TEST((requests.limit == 500.0 && requests.remaining == 499.0 && requests.reset == 120ms));
  const auto& tokens = of(h, dimension::total_tokens);
  BOOST_TEST((tokens.limit == 30000.0 && tokens.remaining == 29900.0 && tokens.reset == 6min));
  BOOST_TEST(empty(of(h, dimension::requests_day)));
  BOOST_TEST(empty(of(h, dimension::input_tokens)));
}

BOOST_AUTO_TEST_CASE(a_request_limit_that_refills_over_a_day_is_a_daily_one) {
  const auto day = [](std::string limit, std::string remaining, std::string reset) {
    const auto h = read({{"x-ratelimit-limit-requests", std::move(limit)},
                         {"x-ratelimit-remaining-requests", std::move(remaining)},
                         {"x-ratelimit-reset-requests", std::move(reset)}});
    BOOST_TEST(empty(of(h, dimension::requests_day)) != empty(of(h, dimension::requests_minute)));
    return !empty(of(h, dimension::requests_day));
  };
  BOOST_TEST(day("10000", "9999", "8.64s"));
  BOOST_TEST(day("14400", "14370", "2m59.56s"));
  BOOST_TEST(day("200", "0", "17h3m"));
  BOOST_TEST(!day("10000", "9999", "6ms"));
  BOOST_TEST(!day("30000", "29999", "1s")); // Rounded up; must not look like 30,000 s.
  BOOST_TEST(!day("3", "0", "1m0s"));
}

BOOST_AUTO_TEST_CASE(the_tighter_of_organisation_and_project_is_kept) {
  for (auto [organisation, project, tighter] :
       {std::tuple{"900", "200", 200.0}, {"100", "200", 100.0}}) {
    const auto h = read({{"x-ratelimit-limit-tokens", "1000"},
                         {"x-ratelimit-remaining-tokens", organisation},
                         {"x-ratelimit-limit-project-tokens", "500"},
                         {"x-ratelimit-remaining-project-tokens", project}});
    BOOST_TEST((of(h, dimension::total_tokens).remaining == tighter));
  }
}

BOOST_AUTO_TEST_CASE(placeholders_and_garbage_say_nothing) {
  for (auto value : {"-1", "0", "abc", "nan", "inf", "1e999", "12 34"}) {
    const auto h = read({{"x-ratelimit-limit-tokens", value},
                         {"x-ratelimit-remaining-tokens", "0"},
                         {"x-ratelimit-reset-tokens", "1s"}});
    BOOST_TEST(empty(of(h, dimension::total_tokens)), value);
  }
  const auto h = read({{"x-ratelimit-limit-tokens", "1000"},
                       {"x-ratelimit-remaining-tokens", "-1"},
                       {"x-ratelimit-reset-tokens", "1741305600000"}});
  const auto& tokens = of(h, dimension::total_tokens);
  BOOST_TEST((tokens.limit == 1000.0 && !tokens.remaining && !tokens.reset));
}

BOOST_AUTO_TEST_CASE(the_anthropic_headers_become_four_readings_with_spans_for_times) {
  const auto h = read({{"date", "Sat, 01 Aug 2026 11:00:00 GMT"}, // An hour behind our clock.
                       {"anthropic-ratelimit-requests-limit", "1000"},
                       {"anthropic-ratelimit-requests-remaining", "999"},
                       {"anthropic-ratelimit-requests-reset", "2026-08-01T11:00:01Z"},
                       {"anthropic-ratelimit-input-tokens-limit", "200000"},
                       {"anthropic-ratelimit-input-tokens-remaining", "0"},
                       {"anthropic-ratelimit-input-tokens-reset", "2026-08-01T11:01:03Z"},
                       {"anthropic-ratelimit-output-tokens-limit", "8000"},
                       {"anthropic-ratelimit-output-tokens-remaining", "7000"},
                       {"anthropic-ratelimit-output-tokens-reset", "2026-08-01T10:59:00Z"},
                       {"anthropic-ratelimit-tokens-limit", "208000"},
                       {"anthropic-ratelimit-tokens-remaining", "7000"}});
  BOOST_TEST((of(h, dimension::requests_minute).reset == 1s));
  BOOST_TEST((of(h, dimension::input_tokens).remaining == 0.0));
  BOOST_TEST((of(h, dimension::input_tokens).reset == 63s));
  BOOST_TEST((of(h, dimension::output_tokens).reset == 0s)); // In the past.
  BOOST_TEST((of(h, dimension::total_tokens).limit == 208000.0));
}

BOOST_AUTO_TEST_CASE(the_wait_comes_from_the_most_exact_header) {
  const auto wait = [](std::vector<http_header> headers) {
    return read(std::move(headers)).retry_after;
  };
  BOOST_TEST((wait({{"retry-after", "3"}}) == 3s));
  BOOST_TEST((wait({{"retry-after", "0.25"}}) == 250ms));
  BOOST_TEST((wait({{"retry-after", "3"}, {"retry-after-ms", "350"}}) == 350ms));
  BOOST_TEST((wait({{"retry-after", "3"}, {"retry-after-ms", "x"}}) == 3s));
  BOOST_TEST((wait({{"retry-after", "3"}, {"retry-after-ms", "0"}}) == 3s));
  BOOST_TEST((wait({{"retry-after", "Sat, 01 Aug 2026 12:00:13 GMT"}}) == 10s));
  BOOST_TEST((wait({{"retry-after", "99999999999"}}) == 24h));
  for (auto text : {"", "abc", "-5", "0", "nan", "5 s", "Sat, 01 Aug 2026 11:00:13 GMT"})
    BOOST_TEST(!wait({{"retry-after", text}}), text);
}

BOOST_AUTO_TEST_CASE(a_date_is_measured_by_the_clock_of_the_server) {
  const auto h = read(
    {{"retry-after", "Sat, 01 Aug 2026 13:00:20 GMT"}, {"date", "Sat, 01 Aug 2026 13:00:00 GMT"}});
  BOOST_TEST((h.retry_after == 20s));
  BOOST_TEST((h.server_now == now + 59min + 57s));
  BOOST_TEST((read({{"date", "garbage"}}).server_now == now));
}

BOOST_AUTO_TEST_CASE(should_retry_is_a_plain_word_or_nothing) {
  BOOST_TEST((read({{"x-should-retry", "true"}}).should_retry == true));
  BOOST_TEST((read({{"x-should-retry", "false"}}).should_retry == false));
  BOOST_TEST(!read({{"x-should-retry", "maybe"}}).should_retry);
  BOOST_TEST(!read({}).should_retry);
}

BOOST_AUTO_TEST_SUITE_END()
