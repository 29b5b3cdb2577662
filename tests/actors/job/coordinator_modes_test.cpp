#include "tests/support/pack_fixture.hpp"

using namespace penstock;
using namespace std::chrono_literals;
using test::answer_to;

BOOST_FIXTURE_TEST_SUITE(coordinator_modes_suite, test::pack_fixture)

BOOST_AUTO_TEST_CASE(what_no_pack_takes_skips_the_mode_without_blocking_it) {
  chats(6);
  files->input[2] = chat(2, R"("tools":[{"type":"function"}],)");
  start();
  give(1);
  BOOST_TEST(entries(sent()).size() == 5u);
  answer_right(sent());
  BOOST_TEST(demand() == 1u);
  give(1);
  BOOST_TEST((sent().ran_as == core::mode::sequential));
  answer_right(sent());
  all_answered(6);
  BOOST_TEST(ended().mode_used == "sequential_fallback");
  BOOST_REQUIRE(ended().changes.size() == 1u);
  BOOST_TEST((ended().changes[0].code == errc::not_packable));
  BOOST_TEST(ended().changes[0].text == "1 requests cannot be packed into one prompt");
}

BOOST_AUTO_TEST_CASE(a_batch_of_nothing_that_can_be_packed_runs_sequentially) {
  input(20);
  start();
  drive([&](const assignment& a) {
    BOOST_TEST((a.ran_as == core::mode::sequential));
    complete(a.requests.front().key.index);
  });
  BOOST_TEST(ended().completed == 20u);
  BOOST_REQUIRE(ended().changes.size() == 1u);
  BOOST_TEST(ended().changes[0].text == "left early: 20 requests cannot be packed into one prompt");
}

BOOST_AUTO_TEST_CASE(when_parallel_mode_fails_packs_go_first_one_at_a_time) {
  options.mode = core::mode::parallel;
  options.in_flight_max = 8;
  chats(60);
  start();
  give(8);
  for (uint64_t i = 0; i < 8; ++i)
    report(i, report_kind::degraded);
  BOOST_TEST(demand() == 1u);
  give(1);
  BOOST_TEST(entries(sent()).size() == 10u);
  BOOST_TEST((sent().ran_as == core::mode::batch));
  BOOST_TEST(demand() == 0u);
  answer_right(sent());
  BOOST_TEST(demand() == 2u);
  drive([&](const assignment& a) { answer_right(a); });
  all_answered(60);
  BOOST_TEST(ended().mode_used == "batch_fallback");
  BOOST_REQUIRE(ended().changes.size() == 1u);
  BOOST_TEST((ended().changes[0].from == core::mode::parallel));
  BOOST_TEST((ended().changes[0].to == core::mode::batch));
  BOOST_TEST((ended().changes[0].code == errc::server_error));
}

BOOST_AUTO_TEST_CASE(when_packs_come_back_wrong_too_the_job_ends_one_by_one) {
  options.mode = core::mode::parallel;
  options.in_flight_max = 8;
  chats(200);
  start();
  drive([&](const assignment& a) {
    if (a.ran_as == core::mode::parallel)
      report(a.requests.front().key.index, report_kind::degraded);
    else
      entries(a).empty() ? answer_right(a) : answer(a, "garbled");
  });
  all_answered(200);
  BOOST_TEST(ended().mode_used == "sequential_fallback");
  BOOST_REQUIRE(ended().changes.size() == 2u);
  BOOST_TEST((ended().changes[1].code == errc::pack_mismatch));
  BOOST_TEST(ended().changes[1].text.ends_with(" packs came back wrong"));
}

BOOST_AUTO_TEST_CASE(a_detour_goes_through_batch_and_then_one_by_one) {
  options.mode = core::mode::parallel;
  chats(20);
  start();
  give(20);
  for (uint64_t i : {3u, 4u, 5u})
    report(i, report_kind::degraded);
  for (uint64_t i = 0; i < 20; ++i)
    if (i < 3 || i > 5)
      complete(i);
  give(1);
  BOOST_TEST(entries(sent()).size() == 3u);
  BOOST_TEST(sent().requests.front().attempts_before == 1u);
  fail_pack(sent(), report_kind::degraded, errc::timeout);
  for (uint64_t i : {3u, 4u, 5u}) {
    BOOST_TEST(demand() == 1u);
    give(1);
    BOOST_TEST((sent().ran_as == core::mode::sequential));
    BOOST_TEST(handed_out(i).attempts_before == 2u);
    BOOST_TEST(sent().attempts_max == options.attempts_max + 2);
    complete(i);
  }
  BOOST_TEST(ended().completed == 20u);
  BOOST_TEST(ended().attempts == 20 + 1 + 3u);
  BOOST_REQUIRE(ended().changes.size() == 2u);
  BOOST_TEST((ended().changes[1].code == errc::timeout));
}

BOOST_AUTO_TEST_CASE(attempts_of_all_modes_stay_within_two_more) {
  options.mode = core::mode::parallel;
  options.attempts_max = 3;
  chats(2);
  files->input.push_back(chat(2)); // With three requests, auto chooses parallel.
  start();
  drive([&](const assignment& a) {
    const auto before = a.requests.front().attempts_before;
    fail_pack(a, a.ran_as == core::mode::sequential ? report_kind::finished : report_kind::degraded,
              errc::timeout, a.attempts_max > before ? a.attempts_max - before : 1);
  });
  for (uint64_t i = 0; i < 3; ++i)
    BOOST_TEST(line(i).attempts == 5u);
  for (auto& text : files->lines) // All of them, not those of the last mode.
    BOOST_TEST(text.find("said the test (after 5 attempts)") != text.npos, text);
  BOOST_TEST(ended().attempts == 3 * 3 + 1 + 3u);
}

BOOST_AUTO_TEST_CASE(auto_packs_what_it_runs_in_parallel_when_there_is_a_reason) {
  options.mode = core::mode::automatic;
  chats(30);
  files->input[4] = chat(4, R"("stop":["x"],)");
  auto parts = std::make_shared<actors::job_parts>(make_parts(sys, files));
  parts->pack_because = "requests bind";
  aut = spawn(actors::coordinator, job, spawn(test::fake_engine, head), options, parts, 1u);
  run();
  drive([&](const assignment& a) {
    BOOST_TEST((a.ran_as == core::mode::parallel));
    answer_right(a);
  });
  all_answered(30);
  BOOST_TEST(ended().mode_used == "parallel_packed");
  BOOST_TEST(ended().packed == 29u);
  BOOST_TEST(ended().changes.size() == 1u);
}

BOOST_AUTO_TEST_CASE(no_job_is_packed_unasked_against_its_options) {
  options.mode = core::mode::automatic;
  for (const bool cached : {false, true}) {
    *files = {};
    *head = {};
    work->assigned.clear();
    chats(10);
    options.pack = cached;
    options.cache = cached ? core::cache_mode::on : core::cache_mode::off;
    auto parts = std::make_shared<actors::job_parts>(make_parts(sys, files));
    parts->pack_because = "requests bind";
    aut = spawn(actors::coordinator, job, spawn(test::fake_engine, head), options, parts, 1u);
    run();
    BOOST_TEST(demand() == 10u);
    give(10);
    BOOST_TEST(packs_sent() == 0u);
    for (uint64_t i = 0; i < 10; ++i)
      complete(i);
    BOOST_TEST(ended().mode_used == "parallel");
  }
}

BOOST_AUTO_TEST_SUITE_END()
