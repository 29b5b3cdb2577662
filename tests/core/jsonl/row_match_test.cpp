#include "core/jsonl/row_match.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <random>
#include <set>

using namespace penstock;
using namespace penstock::core;

namespace {

/// A row of an id, a text that requests are made of, and something else.
row_keys row(uint64_t id, uint64_t text, uint64_t rest = 1) {
  return {id * 1'000'003 + text * 1'009 + rest, id, text, text};
}

std::vector<known_row> known(const std::vector<row_keys>& rows) {
  std::vector<known_row> before;
  for (auto& r : rows)
    before.push_back({r, before.size()});
  return before;
}

std::vector<uint64_t> places(const std::vector<row_match>& found) {
  std::vector<uint64_t> numbers;
  for (auto& f : found)
    numbers.push_back(f.before);
  return numbers;
}

constexpr auto none = no_row;
using numbers = std::vector<uint64_t>;

} // namespace

BOOST_AUTO_TEST_SUITE(row_match_suite)

BOOST_AUTO_TEST_CASE(rows_are_found_wherever_they_moved) {
  const auto before = known({row(0, 10), row(0, 11), row(0, 12)});
  const std::vector<row_keys> now{row(0, 12), row(0, 99), row(0, 10), row(0, 11)};
  const auto found = match_rows(before, now);
  BOOST_TEST((places(found) == numbers{2, none, 0, 1}));
  for (auto& f : found)
    BOOST_TEST(!f.mended);
}

BOOST_AUTO_TEST_CASE(a_row_that_says_something_else_is_mended_in_its_place_or_under_its_id) {
  const auto before = known({row(0, 10), row(0, 11)});
  const auto found = match_rows(before, std::vector{row(0, 10), row(0, 99)});
  BOOST_TEST((places(found) == numbers{0, 1}));
  BOOST_TEST(!found[0].mended);
  BOOST_TEST(found[1].mended);
  const auto by_id =
    match_rows(known({row(1, 10), row(2, 11), row(3, 12)}), std::vector{row(3, 99), row(1, 10)});
  BOOST_TEST((places(by_id) == numbers{2, 0}));
  BOOST_TEST(by_id[0].mended);
}

BOOST_AUTO_TEST_CASE(of_equal_rows_each_finds_its_own) {
  const auto before = known({row(1, 10), row(2, 10), row(3, 10)});
  BOOST_TEST((places(match_rows(before, std::vector{row(3, 10), row(1, 10), row(2, 10)})) ==
              numbers{2, 0, 1}));
  // Without ids they keep their places, and one more of them is new.
  const auto plain = known({row(0, 10), row(0, 5), row(0, 10)});
  BOOST_TEST((places(match_rows(plain, std::vector{row(0, 10), row(0, 10), row(0, 10),
                                                   row(0, 5)})) == numbers{0, none, 2, 1}));
}

BOOST_AUTO_TEST_CASE(cells_that_no_request_uses_may_change) {
  const auto before = known({row(0, 10, 1), row(0, 11, 1)});
  const auto found = match_rows(before, std::vector{row(0, 11, 2), row(0, 10, 2)});
  BOOST_TEST((places(found) == numbers{1, 0}));
  BOOST_TEST(!found[0].mended);
}

BOOST_AUTO_TEST_CASE(an_exact_row_goes_before_one_that_is_only_alike) {
  // Row 0 of the new input is like both, the other one is the second to the letter.
  const auto before = known({row(0, 10, 1), row(0, 10, 2)});
  BOOST_TEST(
    (places(match_rows(before, std::vector{row(0, 10, 9), row(0, 10, 1)})) == numbers{1, 0}));
}

BOOST_AUTO_TEST_CASE(a_row_that_had_left_comes_back) {
  std::vector<known_row> before{{row(0, 10), no_row}, {row(0, 11), 0}, {row(0, 10), 1}};
  // Rows that are there go first.
  BOOST_TEST((places(match_rows(before, std::vector{row(0, 10)})) == numbers{2}));
  BOOST_TEST((places(match_rows(before, std::vector{row(0, 10), row(0, 11), row(0, 10)})) ==
              numbers{2, 1, 0}));
}

BOOST_AUTO_TEST_CASE(no_row_is_found_twice_and_none_that_is_there_is_missed) {
  const unsigned seed = 20;
  BOOST_TEST_MESSAGE("seed " << seed);
  std::mt19937_64 random{seed};
  for (int life = 0; life < 200; ++life) {
    std::vector<row_keys> rows;
    for (auto n = random() % 30; n > 0; --n)
      rows.push_back(row(random() % 3, 1 + random() % 6, random() % 3));
    auto now = rows;
    std::ranges::shuffle(now, random);
    for (auto n = random() % 5; n > 0; --n)
      now.push_back(row(random() % 3, 1 + random() % 6, random() % 3));
    const auto found = match_rows(known(rows), now);
    BOOST_REQUIRE(found.size() == now.size());
    std::set<uint64_t> taken;
    for (size_t i = 0; i < found.size(); ++i)
      if (found[i].before != no_row) {
        BOOST_TEST(taken.insert(found[i].before).second);
        if (!found[i].mended)
          BOOST_TEST(rows[found[i].before].used == now[i].used);
      }
    BOOST_TEST(taken.size() == rows.size()); // All of them are still there.
  }
}

BOOST_AUTO_TEST_SUITE_END()
