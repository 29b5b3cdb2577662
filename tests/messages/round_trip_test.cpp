#include "messages/errors.hpp"
#include "tests/support/deterministic_system.hpp"

#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>

#include <cmath>

using namespace penstock;
using namespace std::chrono_literals;

namespace {

struct fixture : test::deterministic_system {
  template <class T>
  std::vector<char> bytes_of(const T& x) {
    std::vector<char> buffer;
    caf::binary_serializer out{sys, buffer};
    auto copy = x;
    if (auto err = out(copy))
      BOOST_FAIL(caf::to_string(err));
    return buffer;
  }

  /// The message as it arrives on another node. Its bytes must be equal, so no field is lost. The
  /// cases check fields that need care.
  template <class T>
  T travel(const T& x) {
    const auto buffer = bytes_of(x);
    T result;
    caf::binary_deserializer in{sys, buffer};
    if (auto err = in(result))
      BOOST_FAIL(caf::to_string(err));
    BOOST_TEST(in.remaining() == 0u);
    BOOST_TEST((bytes_of(result) == buffer));
    return result;
  }

  static core::request whole_request() {
    core::request r;
    r.index = 3;
    r.line = 4;
    r.custom_id = "id";
    r.method = "PUT";
    r.url = "/v1/embeddings";
    r.model = "m";
    r.body = core::make_payload(std::string("{\0}", 3));
    r.output_tokens_max = 77;
    r.rejection = error{errc::invalid_input, "line 4"};
    return r;
  }

  static core::outcome whole_outcome() {
    core::outcome o;
    o.index = 9;
    o.custom_id = "id-9";
    o.state = core::outcome_state::expired;
    o.status_code = 503;
    o.request_id = "req";
    o.body = core::make_payload("{}");
    o.failure = error{errc::expired, "too late"};
    o.attempts = 4;
    o.ran_as = core::mode::sequential;
    o.queued = 5s;
    o.upstream = 6s;
    o.cached = true;
    o.used = {1, 2, 3, 4, true};
    o.lane = "lane";
    o.rate_limited = 2;
    return o;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(round_trip_suite, fixture)

BOOST_AUTO_TEST_CASE(errors_keep_code_and_text) {
  auto e = travel(error{errc::poison, "why"});
  BOOST_TEST((e.code == errc::poison));
  BOOST_TEST(e.context == "why");
}

BOOST_AUTO_TEST_CASE(errors_survive_as_errors_of_caf) {
  auto back = from_caf(travel(to_caf({errc::disk_full, "out.jsonl"})));
  BOOST_TEST((back.code == errc::disk_full));
  BOOST_TEST(back.context == "out.jsonl");
  auto foreign = from_caf(caf::make_error(caf::exit_reason::kill));
  BOOST_TEST((foreign.code == errc::internal));
  BOOST_TEST(foreign.context.find("kill") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(requests_arrive_whole) {
  auto r = travel(whole_request());
  BOOST_TEST(r.custom_id == "id");
  BOOST_TEST(r.method == "PUT");
  BOOST_TEST(r.url == "/v1/embeddings");
  BOOST_TEST(r.output_tokens_max == 77u);
  BOOST_REQUIRE(r.body);
  BOOST_TEST(r.body->size() == 3u);
  BOOST_REQUIRE(r.rejection.has_value());
  BOOST_TEST((r.rejection->code == errc::invalid_input));
  BOOST_TEST(!travel(core::request{}).rejection);
}

BOOST_AUTO_TEST_CASE(outcomes_arrive_whole) {
  auto o = travel(whole_outcome());
  BOOST_TEST((o.state == core::outcome_state::expired));
  BOOST_TEST(o.status_code == 503);
  BOOST_TEST(*o.body == "{}");
  BOOST_TEST((o.failure->code == errc::expired));
  BOOST_TEST((o.ran_as == core::mode::sequential));
  BOOST_TEST((o.queued == 5s && o.upstream == 6s));
  BOOST_TEST(o.cached);
  BOOST_TEST(o.used.reasoning_tokens == 4u);
  BOOST_TEST(o.used.known);
  BOOST_TEST(o.lane == "lane");
  BOOST_TEST(o.rate_limited == 2u);
  BOOST_TEST(!travel(core::outcome{}).failure);
}

BOOST_AUTO_TEST_CASE(a_body_that_is_not_there_is_not_there_on_the_other_side) {
  BOOST_TEST(!travel(core::request{}).body);
  BOOST_TEST(!travel(core::outcome{}).body);
  auto empty = core::request{};
  empty.body = core::make_payload("");
  BOOST_TEST(static_cast<bool>(travel(empty).body));
}

BOOST_AUTO_TEST_CASE(a_report_without_an_outcome_arrives_without_one) {
  work_report lost{{1, 2, 3}, report_kind::lost, {}, 4s, 5s};
  auto r = travel(lost);
  BOOST_TEST(!r.outcome);
  BOOST_TEST((r.key.job == 1u && r.key.index == 2u && r.key.epoch == 3u));
  BOOST_TEST((r.resume_in == 4s && r.last_attempt == 5s));
  lost.outcome = make_shared_value(whole_outcome());
  BOOST_TEST(travel(lost).outcome->index == 9u);
}

BOOST_AUTO_TEST_CASE(an_assignment_arrives_with_its_requests) {
  assignment a;
  a.job = 1;
  a.tenant = "t";
  a.priority = core::priority::bulk;
  a.ran_as = core::mode::batch;
  a.attempts_max = 9;
  a.time_left = 3s;
  a.seed = 11;
  a.client_id = "c";
  a.cache = core::cache_mode::read;
  a.requests.push_back({{1, 2, 3}, make_shared_value(whole_request()), 4, 5, 6s, 7s});
  a.requests.push_back({{1, 3, 1}, make_shared_value(core::request{}), 0, 0, {}, {}});
  auto b = travel(a);
  BOOST_TEST((b.priority == core::priority::bulk && b.ran_as == core::mode::batch));
  BOOST_TEST((b.cache == core::cache_mode::read));
  BOOST_REQUIRE(b.requests.size() == 2u);
  BOOST_TEST(b.requests[0].what->custom_id == "id");
  BOOST_TEST(b.requests[0].attempts_before == 4u);
  BOOST_TEST(b.requests[0].rate_limited_before == 5u);
  BOOST_TEST((b.requests[0].queued_before == 6s && b.requests[0].upstream_before == 7s));
}

BOOST_AUTO_TEST_CASE(batches_and_chunks_arrive_whole) {
  report_batch batch{
    5, {{{1, 2, 3}, report_kind::finished, make_shared_value(whole_outcome()), {}, {}}}};
  BOOST_TEST(travel(batch).reports.size() == 1u);
  BOOST_TEST(travel(report_batch{}).reports.empty());
  auto back = travel(slot_return{1, 2, 3, 4});
  BOOST_TEST((back.job == 1u && back.node == 2u && back.slots == 3u && back.life == 4u));
  request_chunk chunk{{make_shared_value(whole_request())}, true};
  BOOST_TEST(travel(chunk).end);
  BOOST_TEST(travel(chunk).requests.at(0)->line == 4u);
  BOOST_TEST(travel(request_chunk{}).requests.empty());
  auto progress = travel(collector_progress{7, 8, 9});
  BOOST_TEST((progress.written_below == 7u && progress.held_bytes == 8u && progress.waiting == 9u));
}

BOOST_AUTO_TEST_CASE(a_sink_item_has_an_outcome_or_a_line) {
  auto fresh = travel(sink_item{1, make_shared_value(whole_outcome()), nullptr});
  BOOST_TEST(fresh.outcome->index == 9u);
  BOOST_TEST(!fresh.line);
  auto recorded = travel(sink_item{2, {}, core::make_payload("{}\n")});
  BOOST_TEST(!recorded.outcome);
  BOOST_TEST(*recorded.line == "{}\n");
  BOOST_TEST(travel(std::vector<sink_item>(3)).size() == 3u);
}

BOOST_AUTO_TEST_CASE(permits_and_settlements_arrive_whole) {
  core::permit_request q{1, 2, "t", core::priority::interactive, 3, 4, std::chrono::seconds{5}};
  auto q2 = travel(q);
  BOOST_TEST((q2.tenant == "t" && q2.owner == 2u && q2.output_tokens_max == 4u &&
              q2.patience == q.patience));
  auto p = travel(core::permit{1, 2.5, 3.5, true});
  BOOST_TEST((p.input_tokens == 2.5 && p.probe));
  core::settlement s;
  s.id = 1;
  s.sent = false;
  s.kind = core::reply_kind::daily_quota;
  s.used = {1, 2, 3, 4, true};
  s.input_bytes = 5;
  s.abandoned = true;
  s.retry_after = 6s;
  s.limits[2] = {1e6, std::nullopt, 7s};
  auto s2 = travel(s);
  BOOST_TEST((s2.kind == core::reply_kind::daily_quota && !s2.sent && s2.abandoned));
  BOOST_TEST((s2.retry_after == caf::timespan{6s}));
  BOOST_TEST((s2.limits[2].limit == 1e6 && !s2.limits[2].remaining &&
              s2.limits[2].reset == caf::timespan{7s}));
  BOOST_TEST(!travel(core::settlement{}).retry_after);
}

BOOST_AUTO_TEST_CASE(job_options_and_progress_arrive_whole) {
  job_options o;
  o.tenant = "t";
  o.mode = core::mode::sequential;
  o.deadline = 5s;
  o.client_id = "c";
  o.window_bytes = 1;
  auto o2 = travel(o);
  BOOST_TEST((o2.tenant == "t" && o2.mode == core::mode::sequential && o2.deadline == 5s));
  BOOST_TEST((o2.client_id == "c" && o2.window_bytes == 1u));
  job_progress p;
  p.state = job_state::parked;
  p.completed = 3;
  p.resume_in = 4s;
  p.mode_used = "sequential_fallback";
  p.changes.push_back({core::mode::parallel, core::mode::sequential, errc::timeout, "text", 9, 5});
  p.cause = {errc::billing, "money"};
  auto p2 = travel(p);
  BOOST_TEST((p2.state == job_state::parked && p2.completed == 3u && p2.resume_in == 4s));
  BOOST_REQUIRE(p2.changes.size() == 1u);
  BOOST_TEST((p2.changes[0].code == errc::timeout && p2.changes[0].finished == 9u));
  BOOST_TEST((p2.cause.code == errc::billing));
}

BOOST_AUTO_TEST_CASE(a_snapshot_of_a_lane_arrives_whole) {
  core::lane_snapshot s;
  s.in_flight = 1;
  s.headroom = 0.5;
  s.limit[1] = 5;
  s.breaker = core::lane_snapshot::breaker_state::half_open;
  s.granted = 7;
  s.adopted = 8;
  s.settled_unknown = 9;
  auto t = travel(s);
  BOOST_TEST((t.in_flight == 1u && t.headroom == 0.5 && t.limit[1] == 5));
  BOOST_TEST((t.breaker == core::lane_snapshot::breaker_state::half_open));
  BOOST_TEST((t.granted == 7u && t.adopted == 8u && t.settled_unknown == 9u));
  BOOST_TEST(travel(std::vector<core::lane_snapshot>(2)).size() == 2u);
}

BOOST_AUTO_TEST_CASE(what_a_worker_and_the_cache_say_arrives_whole) {
  const auto query = travel(cache_query{1, 2, core::cache_mode::write, "key"});
  BOOST_TEST((query.id == 1u && query.owner == 2u && query.key == "key"));
  BOOST_TEST((query.mode == core::cache_mode::write));
  core::cached_answer answer{201, "req", core::make_payload("{}"), {}, 3s, "lane"};
  answer.used.output_tokens = 7;
  const auto hit = travel(cache_hit{4, true, make_shared_value(answer)});
  BOOST_TEST((hit.id == 4u && hit.joined && hit.answer->status_code == 201));
  BOOST_TEST((hit.answer->request_id == "req" && hit.answer->lane == "lane"));
  BOOST_TEST((*hit.answer->body == "{}" && hit.answer->upstream == 3s));
  BOOST_TEST(hit.answer->used.output_tokens == 7u);
  const auto result = travel(cache_result{5, "key", false, hit.answer});
  BOOST_TEST((result.id == 5u && result.key == "key" && !result.keep && result.answer));
  const auto leave = travel(cache_leave{6, "key", true});
  BOOST_TEST((leave.id == 6u && leave.key == "key" && leave.failed));
  const auto seen = travel(cache_snapshot{1, 2, 3, 4, 5, 6, 7, {errc::disk_full, "full"}});
  BOOST_TEST((seen.hits == 1u && seen.misses == 2u && seen.joined == 3u && seen.kept == 4u));
  BOOST_TEST((seen.dropped == 5u && seen.in_flight == 6u && seen.waiting == 7u));
  BOOST_TEST(seen.trouble.context == "full");
  work_report report{{}, report_kind::finished, {}, {}, {}, true};
  report.lanes = {2, 5};
  BOOST_TEST(travel(report).joined);
  BOOST_TEST(travel(report).lanes == report.lanes);
}

BOOST_AUTO_TEST_CASE(messages_cut_short_are_refused) {
  const auto buffer = bytes_of(
    work_report{{1, 2, 3}, report_kind::finished, make_shared_value(whole_outcome()), {}, {}});
  for (size_t n = 0; n < buffer.size(); ++n) {
    work_report result;
    std::vector<char> part(buffer.begin(), buffer.begin() + static_cast<ptrdiff_t>(n));
    caf::binary_deserializer in{sys, part};
    BOOST_TEST(static_cast<bool>(in(result)));
  }
}

BOOST_AUTO_TEST_SUITE_END()
