#include "tests/support/map_hub_fixture.hpp"

using namespace penstock;
using namespace penstock::test;
using core::outcome_state;

BOOST_FIXTURE_TEST_SUITE(map_hub_again_suite, map_hub_fixture)

BOOST_AUTO_TEST_CASE(a_retry_sends_what_failed_and_nothing_else) {
  script->undocumented = {3};
  start({0, 0, 0, 0}, 1);
  answer({0, 0, 0}, answered("zero"));
  answer({1, 0, 0}, ended_as(outcome_state::failed, errc::bad_request));
  answer({2, 0, 0}, answered("bad two"));
  pull(0);
  answer({2, 0, 1}, answered("bad again"));
  pull(1);
  answer({0, 1, 0}, ended_as(outcome_state::failed, errc::bad_request)); // Its second stage.
  BOOST_TEST(close().complete);
  const auto before = output();
  kill();
  script->undocumented = {};
  asked.retry_failed = true;
  for (int life = 0; life < 2; ++life) { // A kill in between changes nothing.
    start({0, 0, 0, 0}, 1);
    BOOST_TEST((seen[0]->bodies == std::deque<std::string>{"1:a", "2:a", "3:a"}));
    BOOST_TEST((seen[1]->bodies == std::deque<std::string>{"0:b<zero"}));
    BOOST_TEST(output() == before);
    if (life == 0)
      kill();
    asked.retry_failed = false;
  }
  answer({0, 1, 0}, answered("nil"));
  answer({1, 0, 0}, ended_as(outcome_state::failed, errc::bad_request)); // Again.
  answer({2, 0, 0}, answered("two"));
  kill();
  start({0, 0, 0, 0}, 1); // What came in the retry is not asked for again.
  BOOST_TEST((seen[0]->bodies == std::deque<std::string>{"3:a"}));
  BOOST_TEST((seen[1]->bodies == std::deque<std::string>{"2:b<two"}));
  answer({3, 0, 0}, ended_as(outcome_state::failed, errc::bad_request));
  answer({2, 1, 0}, answered("dos"));
  const auto s = close();
  BOOST_TEST(s.complete);
  BOOST_TEST(s.groups[0].done.completed == 2u);
  BOOST_TEST(s.groups[0].done.failed == 2u);
  BOOST_TEST(output() == "0,zero,nil,\n1,,,it ended\n2,two,dos,\n3,,,it ended\n");
}

BOOST_AUTO_TEST_CASE(only_a_changed_stage_is_asked_again) {
  start({0, 0});
  answer({0, 0, 0}, answered("zero"));
  answer({1, 0, 0}, answered("bad one"));
  pull(0);
  answer({1, 0, 1}, answered("one"));
  pull(1);
  answer({0, 1, 0}, answered("nil"));
  pull(1);
  answer({1, 1, 0}, answered("uno"));
  BOOST_TEST(close().complete);
  kill();
  version = "another";
  script->versions[1] = "c";
  start({0, 0}, 0); // No more corrections: those that were paid for still count.
  BOOST_TEST(seen[0]->bodies.empty());
  BOOST_TEST(seen[0]->end);
  BOOST_TEST((seen[1]->bodies == std::deque<std::string>{"0:b<zero", "1:b<one"}));
  answer({0, 1, 0}, answered("NIL"));
  answer({1, 1, 0}, answered("UNO"));
  const auto s = close();
  BOOST_TEST(s.complete);
  BOOST_TEST(s.resumed_answers == 3u);
  BOOST_TEST(output() == "0,zero,NIL,\n1,one,UNO,\n");
  kill();
  version = "recipe"; // The stage as it was has its answers still.
  script->versions[1] = "b";
  start({0, 0});
  BOOST_TEST(seen[1]->bodies.empty());
  BOOST_TEST(close().complete);
  BOOST_TEST(output() == "0,zero,nil,\n1,one,uno,\n");
}

BOOST_AUTO_TEST_SUITE_END()
