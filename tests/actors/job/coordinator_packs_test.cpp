#include "tests/support/pack_fixture.hpp"

using namespace penstock;
using namespace std::chrono_literals;
using test::answer_to;

BOOST_FIXTURE_TEST_SUITE(coordinator_packs_suite, test::pack_fixture)

BOOST_AUTO_TEST_CASE(a_batch_is_sent_in_packs_and_every_request_gets_its_own_answer) {
  chats(25);
  start();
  BOOST_TEST(demand() == 3u);
  give(3);
  BOOST_REQUIRE(work->assigned.size() == 3u);
  BOOST_TEST(entries(sent(2)).size() == 10u);
  BOOST_TEST(entries(sent(0)).size() == 5u);
  BOOST_TEST((sent().ran_as == core::mode::batch));
  BOOST_TEST(status().in_flight == 25u);
  for (size_t back : {0u, 2u, 1u})
    answer_right(sent(back));
  all_answered(25);
  auto& p = ended();
  BOOST_TEST(p.mode_used == "batch");
  BOOST_TEST(p.packs == 3u);
  BOOST_TEST(p.packed == 25u);
  BOOST_TEST(p.pack_splits == 0u);
  BOOST_TEST(p.attempts == 3u);
  BOOST_TEST(p.input_tokens == 3'000u);
  BOOST_TEST(p.output_tokens == 1'500u);
  BOOST_TEST((p.upstream_time == caf::timespan{3s}));
  BOOST_TEST(line(7).attempts == 1u);
  BOOST_TEST(files->lines[7].find(R"("pack":10)") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(two_requests_go_as_one_pack_if_auto_may_pack) {
  options.mode = core::mode::automatic;
  options.pack = true;
  chats(2);
  start();
  give(1);
  BOOST_TEST(entries(sent()).size() == 2u);
  answer_right(sent());
  all_answered(2);
  BOOST_TEST(ended().mode_used == "batch");
}

BOOST_AUTO_TEST_CASE(two_requests_of_mode_auto_share_no_prompt) {
  options.mode = core::mode::automatic;
  options.pack = false;
  chats(2);
  start();
  drive([&](const assignment& a) {
    BOOST_TEST(entries(a).empty());
    answer_right(a);
  });
  all_answered(2);
  BOOST_TEST(ended().mode_used == "parallel");
}

BOOST_AUTO_TEST_CASE(an_entry_without_an_answer_goes_into_smaller_packs_and_at_last_alone) {
  chats(8);
  start();
  std::vector<size_t> sizes;
  drive([&](const assignment& a) {
    const auto list = entries(a);
    if (list.empty()) {
      answer_right(a);
      return;
    }
    sizes.push_back(list.size());
    auto right = test::right_answers(list, answer_to);
    std::erase_if(right, [&](auto& r) { return r.answer == "\"answer to text 3\""; });
    answer(a, test::to_json(right));
  });
  all_answered(8);
  BOOST_TEST((sizes == std::vector<size_t>{8}));
  BOOST_TEST(ended().attempts == 2u);
  BOOST_TEST(line(3).attempts == 2u);
  BOOST_TEST(line(2).attempts == 1u);
  BOOST_TEST(ended().pack_splits == 1u);
  BOOST_TEST(ended().packed == 7u);
}

BOOST_AUTO_TEST_CASE(a_pack_that_is_all_wrong_is_halved_down_to_single_requests) {
  chats(7);
  options.attempts_max = 2; // Packs with a wrong reply do not use them.
  start();
  std::vector<size_t> sizes;
  std::map<uint64_t, uint32_t> before;
  drive([&](const assignment& a) {
    const auto list = entries(a);
    sizes.push_back(list.size());
    before[a.requests.front().key.index] = a.requests.front().attempts_before;
    list.empty() ? answer_right(a) : answer(a, "I would rather not");
  });
  all_answered(7);
  BOOST_TEST(std::count(sizes.begin(), sizes.end(), 7u) == 1);
  BOOST_TEST(std::count(sizes.begin(), sizes.end(), 3u) == 2);
  BOOST_TEST(std::count(sizes.begin(), sizes.end(), 0u) == 7);
  for (auto& [index, attempts] : before)
    BOOST_TEST(attempts == 0u);
  BOOST_TEST(line(0).attempts == 3u);
  BOOST_TEST(ended().attempts == sizes.size());
  BOOST_TEST(ended().packed == 0u);
}

BOOST_AUTO_TEST_CASE(swapped_answers_reach_nobody) {
  chats(6);
  start();
  bool first = true;
  drive([&](const assignment& a) {
    auto list = test::right_answers(entries(a), answer_to);
    if (std::exchange(first, false))
      std::swap(list[1].id, list[4].id);
    list.empty() ? answer_right(a) : answer(a, test::to_json(list));
  });
  all_answered(6);
  BOOST_TEST(line(0).attempts == 1u);
  BOOST_TEST(line(1).attempts == 2u);
  BOOST_TEST(line(4).attempts == 2u);
}

BOOST_AUTO_TEST_CASE(a_request_that_spoils_its_pack_fails_alone) {
  chats(10);
  start();
  size_t refused = 0;
  drive([&](const assignment& a) {
    const auto list = entries(a);
    const auto spoilt = body_of(a).find("text 6") != std::string::npos;
    if (!spoilt)
      answer_right(a);
    else if (list.empty())
      fail_pack(a, report_kind::finished, errc::bad_request, 1, 400);
    else {
      ++refused;
      fail_pack(a, report_kind::finished, errc::bad_request, 1, 400);
    }
  });
  BOOST_TEST(ended().completed == 9u);
  BOOST_TEST(ended().failed == 1u);
  BOOST_TEST(line(6).error_code == "bad_request");
  // Once more without a schema, because the schema may be the fault; then halved.
  BOOST_TEST(refused == 4u);
}

BOOST_AUTO_TEST_CASE(an_upstream_without_schemas_gets_plain_packs) {
  chats(30);
  start();
  drive([&](const assignment& a) {
    if (body_of(a).find("response_format") != std::string::npos)
      fail_pack(a, report_kind::finished, errc::bad_request, 1, 400);
    else
      answer(a, "Sure!\n```json\n" + test::to_json(test::right_answers(entries(a), answer_to)) +
                  "\n```");
  });
  all_answered(30);
  BOOST_TEST(ended().pack_splits == 0u);
  BOOST_TEST(ended().packed == 30u);
}

BOOST_AUTO_TEST_CASE(a_refused_or_cut_pack_is_halved) {
  chats(4);
  start();
  int n = 0;
  drive([&](const assignment& a) {
    const auto list = entries(a);
    if (n++ == 0)
      answer(a, "", 1, "content_filter");
    else if (n == 2) {
      const auto whole = test::to_json(test::right_answers(list, answer_to));
      answer(a, whole.substr(0, whole.size() - 6), 1, "length");
    } else
      answer_right(a);
  });
  all_answered(4);
  BOOST_TEST(ended().pack_splits == 2u);
}

BOOST_AUTO_TEST_CASE(a_lost_pack_is_made_again_and_a_second_loss_parts_it) {
  chats(5);
  start();
  give(1, 1);
  self->send(aut, atom::lost_v, uint64_t{1});
  run();
  BOOST_TEST(status().lost == 1u);
  BOOST_TEST(status().in_flight == 0u);
  give(1, 2);
  BOOST_TEST(entries(sent()).size() == 5u);
  BOOST_TEST(sent().requests.front().key.epoch > sent(1).requests.front().key.epoch);
  answer_right(sent(1)); // Too late: its epoch is old.
  BOOST_TEST(status().refused_late == 1u);
  self->send(aut, atom::lost_v, uint64_t{2});
  run();
  drive([&](const assignment& a) {
    BOOST_TEST(entries(a).empty());
    answer_right(a);
  });
  all_answered(5);
}

BOOST_AUTO_TEST_CASE(a_pack_that_its_lane_holds_back_waits_and_goes_on) {
  chats(5);
  start();
  give(1);
  fail_pack(sent(), report_kind::held, errc::unavailable, 0);
  BOOST_TEST(demand() == 0u);
  BOOST_TEST(status().in_flight == 0u);
  drive([&](const assignment& a) { answer_right(a); });
  all_answered(5);
}

BOOST_AUTO_TEST_CASE(a_cancelled_job_ends_the_requests_of_its_packs) {
  chats(5);
  start();
  give(1);
  self->send(aut, atom::cancel_v);
  run();
  BOOST_TEST(!head->finished);
  fail_pack(sent(), report_kind::given_back, errc::cancelled, 1);
  BOOST_TEST(ended().cancelled == 5u);
  BOOST_TEST(ended().attempts == 1u);
}

BOOST_AUTO_TEST_CASE(an_interrupted_pack_is_left_for_the_next_life) {
  chats(5);
  start();
  give(1);
  self->send(aut, atom::drain_v);
  run();
  fail_pack(sent(), report_kind::given_back, errc::cancelled, 0);
  BOOST_TEST((ended().state == job_state::interrupted));
  BOOST_TEST(files->lines.empty());
  BOOST_TEST((files->closed == std::vector{false}));
}

BOOST_AUTO_TEST_CASE(a_canary_is_asked_again_alone_and_its_own_answer_wins) {
  chats(6);
  options.pack_canary = 1;
  start();
  drive([&](const assignment& a) {
    if (!entries(a).empty()) {
      auto list = test::right_answers(entries(a), answer_to);
      // With the right id and check, so no check can detect it.
      list[2].answer = R"("answer to another text")";
      answer(a, test::to_json(list));
      return;
    }
    answer_right(a);
  });
  all_answered(6);
  BOOST_TEST(ended().canaries == 6u);
  BOOST_TEST(ended().canaries_agreed == 5u);
  BOOST_TEST(ended().packed == 5u);
  BOOST_TEST(ended().attempts == 7u);
  BOOST_TEST(line(0).attempts == 2u);
}

BOOST_AUTO_TEST_CASE(a_canary_that_fails_or_never_goes_keeps_the_answer_it_has) {
  chats(6);
  options.pack_canary = 1;
  start();
  give(1);
  answer_right(sent());
  BOOST_TEST(files->lines.empty());
  give(2);
  for (auto& r : assignment{sent()}.requests) {
    auto one = sent();
    one.requests = {r};
    fail_pack(one, report_kind::degraded, errc::server_error, 5);
  }
  BOOST_TEST(files->lines.size() == 2u);
  self->send(aut, atom::drain_v);
  run();
  BOOST_TEST(files->lines.size() == 6u);
  BOOST_TEST(ended().completed == 6u);
  BOOST_TEST(ended().canaries == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
