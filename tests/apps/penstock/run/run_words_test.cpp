#include "apps/penstock/run/run_words.hpp"

#include "apps/penstock/map/map_control.hpp"
#include "apps/penstock/process/start_line.hpp"

#include <boost/test/unit_test.hpp>

using namespace penstock;
using namespace penstock::cli;

namespace {

bool tells(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

config::loaded_settings plain_settings() {
  config::loaded_settings s;
  s.values.upstream.base_url = "https://api.example.com/v1";
  s.values.upstream.api_key_env = "SOME_KEY";
  return s;
}

} // namespace

BOOST_AUTO_TEST_SUITE(run_words_suite)

BOOST_AUTO_TEST_CASE(the_start_line_tells_host_and_source_of_the_key_but_not_the_key) {
  auto s = plain_settings();
  s.file = "penstock.toml";
  s.found = true;
  s.values.run.model = "m";
  s.values.upstream.limits.rpm = 500;
  const auto line = start_line(s, {{s.values.upstream.name, "secret-1"}}, 1);
  for (auto part : {"config penstock.toml (found here)", "upstream api.example.com",
                    "key from SOME_KEY", "model m", "rpm 500", "mode auto", ", 1 line"})
    BOOST_TEST(tells(line, part), line);
  BOOST_TEST(!tells(line, "secret"), line);
  BOOST_TEST(!tells(line, "1 lines"), line);
}

BOOST_AUTO_TEST_CASE(the_start_line_tells_what_is_missing) {
  auto line = start_line(plain_settings(), {{"default", ""}}, std::nullopt);
  for (auto part : {"no config file", "no key", "no limits"})
    BOOST_TEST(tells(line, part), line);
  BOOST_TEST(!tells(line, "line"), line);
  auto s = plain_settings();
  s.values.upstream.api_key_file = "key.txt";
  line = start_line(s, {{s.values.upstream.name, "secret-1"}}, 3, "row");
  BOOST_TEST(tells(line, "key from the file key.txt"), line);
  BOOST_TEST(tells(line, "3 rows"), line);
}

BOOST_AUTO_TEST_CASE(a_submission_names_its_head_and_no_key_of_this_process) {
  auto s = plain_settings();
  s.values.cluster.head = "10.0.0.1:7117";
  const auto line = submit_line(s, 2);
  BOOST_TEST(tells(line, "head 10.0.0.1:7117"), line);
  BOOST_TEST(tells(line, "2 lines"), line);
  BOOST_TEST(!tells(line, "SOME_KEY"), line);
}

BOOST_AUTO_TEST_CASE(packs_are_proposed_only_where_auto_would_gain) {
  config::settings s;
  BOOST_TEST(tells(pack_proposal(s, 95, "why"), "about 10 prompts instead of 95"));
  BOOST_TEST(pack_proposal(s, 95, "").empty());
  BOOST_TEST(reason_of_packs(s, 95, "why").empty());
  for (auto* word : {"allow", "off"}) {
    s.pack.automatic = word;
    BOOST_TEST(pack_proposal(s, 95, "why").empty());
  }
  s.pack.automatic = "ask";
  s.run.mode = core::mode::parallel;
  BOOST_TEST(pack_proposal(s, 95, "why").empty());
}

BOOST_AUTO_TEST_CASE(packs_are_announced_where_they_are_made) {
  config::settings s;
  s.pack.automatic = "allow";
  BOOST_TEST(tells(pack_announcement(s, 95, "why"), "95 requests share about 10 prompts"));
  BOOST_TEST(pack_announcement(s, 95, "").empty());
  BOOST_TEST(!pack_announcement(s, 2, "").empty());
  s.cache.mode = core::cache_mode::on;
  BOOST_TEST(pack_announcement(s, 95, "why").empty());
  s.run.mode = core::mode::batch;
  BOOST_TEST(tells(pack_announcement(s, 95, ""), "mode batch"));
  s.pack.entries_max = 1;
  BOOST_TEST(pack_announcement(s, 95, "").empty());
}

BOOST_AUTO_TEST_CASE(a_misspelt_group_is_told_with_the_nearest) {
  BOOST_TEST(unknown_group("out.cancel", "south", {"north", "south"}).empty());
  const auto text = unknown_group("out.cancel", "sotuh", {"north", "south"});
  BOOST_TEST(tells(text, "out.cancel: no group is called 'sotuh'"), text);
  BOOST_TEST(tells(text, "did you mean south"), text);
  BOOST_TEST(!unknown_group("out.cancel", "x", {}).empty());
}

BOOST_AUTO_TEST_SUITE_END()
