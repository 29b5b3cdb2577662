#include "config/toml_file.hpp"
#include "tests/config/config_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

using namespace penstock;
using namespace penstock::config;

namespace {

const std::string good = R"(# a file with a bit of everything
[upstream]
base_url = "https://api.openai.com/v1"
price_input = 2.5
[upstream.limits]
rpm = 500
headroom = 0.8
adaptive = false
[[upstream.lanes]]
name = "mini"
models = ["gpt-4o-mini*", 'x']
tpm = 200_000
[run]
mode = "parallel"
timeout = "90s"
body_max = 0x100000
deadline = 1h30m
)";

} // namespace

BOOST_FIXTURE_TEST_SUITE(toml_file, penstock::test::config_fixture)

BOOST_AUTO_TEST_CASE(leaves_come_in_the_order_of_their_lines_with_their_place) {
  auto entries = parse_toml(
    "b = 1\na.x = \"t\"\n[c]\nl = [\"p\", \"q\"]\n[[d]]\nk = true\n[[d]]\nk = 0.5\n", "f");
  BOOST_REQUIRE(entries.has_value());
  BOOST_REQUIRE(entries->size() == 5u);
  const char* names[] = {"b", "a.x", "c.l", "d[0].k", "d[1].k"};
  const uint32_t lines[] = {1, 2, 4, 6, 8};
  for (size_t i = 0; i < 5; ++i) {
    BOOST_TEST((*entries)[i].key == names[i]);
    BOOST_TEST((*entries)[i].line == lines[i]);
  }
  BOOST_TEST((std::get<scalar>((*entries)[4].value) == scalar{0.5}));
  BOOST_TEST(std::get<std::vector<std::string>>((*entries)[2].value).at(1) == "q");
}

BOOST_AUTO_TEST_CASE(an_unquoted_duration_is_a_fault_of_the_file_with_line_and_column) {
  auto entries = parse_toml(good, "f.toml");
  BOOST_REQUIRE(!entries.has_value());
  BOOST_TEST(entries.error().context.starts_with("f.toml:17:"));
}

BOOST_AUTO_TEST_CASE(deep_nesting_is_refused_not_followed) {
  auto entries = parse_toml("a = " + std::string(100'000, '[') + std::string(100'000, ']'), "f");
  BOOST_TEST(!entries.has_value());
  std::string dotted = "a";
  for (int i = 0; i < 2000; ++i)
    dotted += ".a";
  // A key with many parts is valid TOML. It must not crash; no setting has that name.
  BOOST_TEST(!load_file(dotted + " = 1").has_value());
}

BOOST_AUTO_TEST_CASE(garbage_gives_an_error_or_settings_that_validate_and_never_a_crash) {
  const auto seed = std::random_device{}();
  BOOST_TEST_CONTEXT("seed " << seed) {
    std::mt19937_64 random{seed};
    const auto below = [&](size_t n) { return static_cast<size_t>(random() % n); };
    const std::string spice = "[]{}=\"'#.,\n\\\t -+0123456789eEinfatrus\xff\xc3\x00\x1b:_TZ";
    size_t refused = 0;
    constexpr int rounds = 1500;
    for (int i = 0; i < rounds; ++i) {
      auto text = good.substr(0, good.size() - 17); // Without the broken line.
      for (size_t edits = 1 + below(8); edits > 0 && !text.empty(); --edits) {
        const auto at = below(text.size());
        switch (below(4)) {
        case 0: text[at] = spice[below(spice.size())]; break;
        case 1: text.erase(at, 1 + below(12)); break;
        case 2: text.insert(at, 1, spice[below(spice.size())]); break;
        default: text.insert(at, text.substr(below(text.size()), below(30))); break;
        }
      }
      auto loaded = load_file(text);
      if (!loaded) {
        ++refused;
        BOOST_REQUIRE((loaded.error().code == errc::invalid_config));
        BOOST_REQUIRE(!loaded.error().context.empty());
      } else {
        settings s = loaded->values;
        for (auto& row : keys())
          BOOST_REQUIRE_MESSAGE(!check(row, read(row, s)), "accepted a bad " << row.name << " in:\n"
                                                                             << text);
      }
    }
    // Both cases must have occurred.
    BOOST_TEST(refused > 0u);
    BOOST_TEST(refused < static_cast<size_t>(rounds));
  }
}

BOOST_AUTO_TEST_CASE(random_bytes_never_crash) {
  const auto seed = std::random_device{}();
  BOOST_TEST_CONTEXT("seed " << seed) {
    std::mt19937_64 random{seed};
    for (int i = 0; i < 1500; ++i) {
      std::string text(random() % 200, '\0');
      for (char& c : text)
        c = static_cast<char>(random());
      auto entries = parse_toml(text, "f");
      BOOST_REQUIRE(entries.has_value() || entries.error().context.starts_with("f:"));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
