#include "core/io/file/answer_index.hpp"
#include "core/io/file/kept_places.hpp"

#include <boost/test/unit_test.hpp>

#include <random>
#include <set>
#include <vector>

using namespace penstock;
using namespace penstock::io;

BOOST_AUTO_TEST_SUITE(kept_places_suite)

BOOST_AUTO_TEST_CASE(without_kept_places_every_request_stands_at_its_number) {
  const kept_places none;
  BOOST_TEST(!none.contains(0));
  BOOST_TEST(none.sent_below(7) == 7u);
  BOOST_TEST(none.place_of(7) == 7u);
  BOOST_TEST(none.next_kept(0) == UINT64_MAX);
}

BOOST_AUTO_TEST_CASE(the_same_as_a_list_says) {
  for (unsigned seed = 1; seed <= 50; ++seed)
    BOOST_TEST_CONTEXT("seed " << seed) {
      std::mt19937_64 rng{seed};
      const auto places = rng() % 200, share = 1 + rng() % 9;
      kept_places tested;
      std::vector<bool> kept(places);
      std::vector<uint64_t> sent;
      for (uint64_t place = 0; place < places; ++place) {
        kept[place] = rng() % 10 < share;
        if (kept[place])
          tested.add(place);
        else
          sent.push_back(place);
      }
      uint64_t below = 0;
      for (uint64_t place = 0; place < places; ++place) {
        BOOST_TEST(tested.contains(place) == kept[place]);
        BOOST_TEST(tested.sent_below(place) == below);
        auto next = place;
        while (next < places && !kept[next])
          ++next;
        BOOST_TEST(tested.next_kept(place) == (next < places ? next : UINT64_MAX));
        below += !kept[place];
      }
      for (uint64_t nth = 0; nth < sent.size(); ++nth)
        BOOST_TEST(tested.place_of(nth) == sent[nth]);
      BOOST_TEST(tested.place_of(sent.size()) == places);
      BOOST_TEST(tested.size() == places - sent.size());
    }
}

BOOST_AUTO_TEST_CASE(equal_requests_take_equal_answers_in_turn_completed_ones_first) {
  answer_index index;
  index.add(1, 10, {2, false, 5});
  index.add(1, 11, {0, true, 9});
  index.add(1, 12, {2, true, 3});
  index.add(2, 13, {1, false, 0});
  index.sort();
  BOOST_TEST((index.take(1) == answer_place{0, true, 9}));
  BOOST_TEST((index.take(1) == answer_place{2, true, 3}));
  BOOST_TEST((index.take(1) == answer_place{2, false, 5}));
  BOOST_TEST(!index.take(1).has_value());
  BOOST_TEST((index.take(2) == answer_place{1, false, 0}));
  BOOST_TEST(!index.take(3).has_value());
  BOOST_TEST(index.knows_name(12));
  BOOST_TEST(!index.knows_name(14));
}

BOOST_AUTO_TEST_SUITE_END()
