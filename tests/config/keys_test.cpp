#include "config/keys.hpp"
#include "config/units.hpp"
#include "config/validate.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

using namespace penstock;
using namespace penstock::config;

namespace {

bool is_numeric(const key_row& row) {
  return row.kind == value_kind::integer || row.kind == value_kind::number ||
         row.kind == value_kind::span || row.kind == value_kind::bytes;
}

/// Writes a number into the place of `row` without a check, as a careless program might.
bool force(const key_row& row, settings& s, double x) {
  auto to = row.at(s);
  if (auto at = std::get_if<double*>(&to))
    **at = x;
  else if (auto d = std::get_if<duration*>(&to))
    **d = from_seconds(x);
  else
    return false;
  return true;
}

} // namespace

BOOST_AUTO_TEST_SUITE(key_table)

BOOST_AUTO_TEST_CASE(names_flags_and_variables_are_unique_and_well_formed) {
  std::set<std::string> names, flags, variables;
  for (auto& row : keys()) {
    BOOST_TEST_CONTEXT(row.name) {
      BOOST_TEST(names.insert(std::string{row.name}).second);
      BOOST_TEST(flags.insert(std::string{row.flag}).second);
      BOOST_TEST(variables.insert(row.env_name()).second);
      BOOST_TEST(row.help.ends_with('.'));
      BOOST_TEST((row.kind == value_kind::boolean) == row.placeholder.empty());
      BOOST_TEST((find_key(row.name) == &row));
    }
  }
  BOOST_TEST(find_key("run.in_flight_max")->env_name() == "PENSTOCK_IN_FLIGHT_MAX");
  BOOST_TEST((find_key("run.nonsense") == nullptr));
}

BOOST_AUTO_TEST_CASE(every_default_is_allowed) {
  const settings defaults;
  for (auto& row : keys())
    BOOST_TEST_CONTEXT(row.name)
  BOOST_TEST(check(row, read(row, defaults)).value_or("") == "");
  BOOST_TEST(validate(defaults).has_value());
}

BOOST_AUTO_TEST_CASE(every_key_has_a_place_of_its_own) {
  std::set<const void*> places;
  settings s;
  for (auto& row : keys())
    BOOST_TEST_CONTEXT(row.name)
  BOOST_TEST(
    places.insert(std::visit([](auto* at) -> const void* { return at; }, row.at(s))).second);
  // The field of the protocol is the whole upstream, with the same address as its first member.
  BOOST_TEST(places.size() == keys().size());
}

BOOST_AUTO_TEST_CASE(wrong_text_is_refused_for_every_numeric_key_and_changes_nothing) {
  for (auto& row : keys()) {
    if (!is_numeric(row))
      continue;
    for (auto text :
         {"-1", "-0.001", "nan", "NaN", "inf", "-inf", "1e999", "abc", "", " ", "1 2", "0x10",
          "12abc", "99999999999999999999999999", "1e300", "9223372036854775808", "--5", "\x01"}) {
      BOOST_TEST_CONTEXT(row.name << " = '" << text << "'") {
        settings s;
        const auto before = read(row, s);
        auto fault = assign_text(row, row.at(s), text);
        BOOST_REQUIRE(fault.has_value());
        BOOST_TEST(fault->starts_with("must be " + allowed(row) + ", is "));
        BOOST_TEST((read(row, s) == before));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(wrong_types_of_a_file_are_refused_for_every_key) {
  for (auto& row : keys()) {
    std::vector<scalar> wrong;
    const bool has_true = std::ranges::find(row.choices, "true") != row.choices.end();
    if (row.kind != value_kind::boolean && !has_true && row.old_true.empty())
      wrong.push_back(true);
    if (row.kind == value_kind::integer || row.kind == value_kind::number)
      wrong.push_back(std::string{"5"});
    if (is_numeric(row)) {
      wrong.insert(wrong.end(), {scalar{int64_t{-1}}, scalar{std::numeric_limits<int64_t>::min()},
                                 scalar{std::numeric_limits<int64_t>::max()}, scalar{std::nan("")},
                                 scalar{std::numeric_limits<double>::infinity()}, scalar{-0.5}});
    } else {
      wrong.push_back(int64_t{1});
      wrong.push_back(0.5);
    }
    if (row.kind == value_kind::integer || row.kind == value_kind::bytes)
      wrong.push_back(1.5);
    if (row.kind == value_kind::boolean || row.kind == value_kind::choice)
      wrong.push_back(std::string{"maybe"});
    for (auto& value : wrong) {
      BOOST_TEST_CONTEXT(row.name << ", type " << value.index()) {
        settings s;
        auto fault = assign(row, row.at(s), value);
        BOOST_REQUIRE(fault.has_value());
        BOOST_TEST(fault->starts_with("must be " + allowed(row)));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(the_ends_of_each_range_belong_to_it_and_what_lies_beyond_does_not) {
  for (auto& row : keys()) {
    if (!is_numeric(row))
      continue;
    BOOST_TEST_CONTEXT(row.name) {
      settings s;
      const auto assigned = [&](double x) {
        // Bare numbers: seconds, bytes, or the number itself.
        const auto value = row.kind == value_kind::bytes || row.kind == value_kind::integer
                             ? scalar{static_cast<int64_t>(x)}
                             : scalar{x};
        return !assign(row, row.at(s), value).has_value();
      };
      BOOST_TEST(assigned(row.range.max));
      BOOST_TEST(assigned(row.range.min) != row.range.above_min);
      BOOST_TEST(!assigned(row.range.max * 1.001 + 1));
      BOOST_TEST(assigned(0) ==
                 (!row.range.zero_means.empty() || (row.range.min == 0 && !row.range.above_min)));
      if (row.range.min > 0 && row.range.zero_means.empty())
        BOOST_TEST(!assigned(row.range.min / 2));
    }
  }
}

BOOST_AUTO_TEST_CASE(validate_finds_what_a_host_put_past_the_checks) {
  const double nan = std::nan(""), inf = std::numeric_limits<double>::infinity();
  for (auto& row : keys()) {
    for (double bad : {nan, inf, -inf, -1.0, 1e300}) {
      settings s;
      if (!force(row, s, std::isnan(bad) && row.kind == value_kind::span ? -1 : bad))
        continue;
      BOOST_TEST_CONTEXT(row.name << " = " << bad) {
        auto valid = validate(s);
        BOOST_REQUIRE(!valid.has_value());
        BOOST_TEST((valid.error().code == errc::invalid_config));
        BOOST_TEST(valid.error().context.starts_with(std::string{row.name} + " must be "));
      }
    }
  }
  settings s;
  s.run.in_flight_max = 0;
  s.run.attempts = 101;
  s.run.seed = std::numeric_limits<uint64_t>::max();
  s.upstream.protocol = "smtp";
  s.upstream.base_url = "nowhere";
  const auto text = validate(s).error().context;
  for (auto key :
       {"run.in_flight_max", "run.attempts", "run.seed", "upstream.protocol", "upstream.base_url"})
    BOOST_TEST(text.find(key) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_formatted_value_reads_back_to_itself) {
  for (auto& row : keys()) {
    BOOST_TEST_CONTEXT(row.name) {
      settings s;
      auto value = read(row, s);
      auto text = format(row, value);
      if (text.starts_with('"'))
        text = text.substr(1, text.size() - 2);
      BOOST_TEST(assign_text(row, row.at(s), text).value_or("") == "");
      BOOST_TEST((read(row, s) == value));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_value_that_may_be_a_secret_is_not_repeated) {
  settings s;
  auto env = find_key("upstream.api_key_env");
  auto fault = assign_text(*env, env->at(s), "sk-proj-1234567890");
  BOOST_REQUIRE(fault.has_value());
  BOOST_TEST(fault->find("sk-proj") == std::string::npos);
  auto url = find_key("upstream.base_url");
  fault = assign_text(*url, url->at(s), "https://me:hunter2@example.com");
  BOOST_REQUIRE(fault.has_value());
  BOOST_TEST(fault->find("hunter2") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_mock_is_a_kind_of_upstream) {
  settings s;
  auto row = find_key("upstream.protocol");
  BOOST_TEST(!assign_text(*row, row->at(s), "mock").has_value());
  BOOST_TEST(s.upstream.mock);
  BOOST_TEST(s.upstream.protocol == "openai");
  BOOST_TEST((read(*row, s) == scalar{std::string{"mock"}}));
  BOOST_TEST(!assign_text(*row, row->at(s), "openai").has_value());
  BOOST_TEST(!s.upstream.mock);
  BOOST_TEST(assign_text(*row, row->at(s), "opneai")->find("did you mean openai?") !=
             std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
