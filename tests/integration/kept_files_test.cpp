#include "tests/support/map_fixture.hpp"

#include <filesystem>
#include <functional>

using namespace penstock;
using namespace penstock::test;

namespace {

namespace fs = std::filesystem;

/// Commands that write an output, and files that they must not replace.
struct kept_fixture : map_fixture {
  std::string lines = dir / "lines.jsonl";
  std::string config = dir / "penstock.toml";
  std::string cache = dir / "cache.db";
  std::string script = dir / "load.toml";

  kept_fixture() {
    write_rows(3);
    std::string text;
    for (size_t i = 0; i < 3; ++i)
      text += request_line(i);
    write_file(lines, text);
    write_file(config, "[run]\nattempts = 3\n[cache]\nfile = \"" + cache + "\"\n");
    write_file(script, "[[phases]]\nduration = \"1s\"\nrate = 0\n");
  }

  words run_words(const std::string& output) const {
    return {"run",     lines,      "-o",       output, "--base-url", upstream.mock->base_url(),
            "--cache", "on",       "--config", config, "--model",    "m",
            "--quiet", "--restart"};
  }
  words map_words(const std::string& output) const {
    auto args = run_words(output);
    args.erase(args.begin(), args.begin() + 2);
    args.insert(args.begin(), {"map", recipe, in});
    return args;
  }
  /// There is no head at this address, because a refusal needs none.
  words submit_words(const std::string& output) const {
    return {"submit",      lines,      "-o",   output,     "--head",
            "127.0.0.1:1", "--config", config, "--restart"};
  }
  words results_words(const std::string& output) const {
    return {"results", "1", "-o", output, "--head", "127.0.0.1:1", "--config", config, "--restart"};
  }
  words load_words(const std::string& output) const { return {"load", script, "--json", output}; }

  /// Checks that every command of `all` refuses `output` and does not change it.
  void refuse(const std::string& output,
              const std::vector<std::function<words(const std::string&)>>& all) {
    const auto before = fs::exists(output) ? read_file(output) : std::string{};
    for (auto& make : all) {
      const auto args = make(output);
      const auto end = run_to_end(bare_command(args));
      BOOST_TEST_CONTEXT(args.front() << ' ' << output << ": " << end.err) {
        BOOST_TEST(end.code == 2);
        BOOST_TEST(end.err.find(fs::path{output}.filename().string()) != std::string::npos);
        BOOST_TEST((fs::exists(output) ? read_file(output) : std::string{}) == before);
      }
    }
    BOOST_TEST(seen() == 0u);
  }

  /// The same under other names: a symbolic link, a hard link, a path with dots.
  void refuse_all_names(const std::string& file,
                        const std::vector<std::function<words(const std::string&)>>& all) {
    refuse(file, all);
    const auto soft = dir / "soft-link", hard = dir / "hard-link";
    fs::create_symlink(file, soft);
    refuse(soft, all);
    fs::remove(soft);
    fs::create_hard_link(file, hard);
    refuse(hard, all);
    fs::remove(hard);
    refuse((fs::path{file}.parent_path() / "." / fs::path{file}.filename()).string(), all);
  }

  auto maker(words (kept_fixture::*make)(const std::string&) const) const {
    return [this, make](const std::string& output) { return (this->*make)(output); };
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(kept_files, kept_fixture)

BOOST_AUTO_TEST_CASE(the_configuration_is_no_output) {
  refuse_all_names(config,
                   {maker(&kept_fixture::run_words), maker(&kept_fixture::map_words),
                    maker(&kept_fixture::submit_words), maker(&kept_fixture::results_words)});
}

BOOST_AUTO_TEST_CASE(what_a_command_reads_is_no_output) {
  refuse_all_names(lines, {maker(&kept_fixture::run_words), maker(&kept_fixture::submit_words)});
  refuse_all_names(in, {maker(&kept_fixture::map_words)});
  refuse_all_names(recipe, {maker(&kept_fixture::map_words)});
  refuse_all_names(script, {maker(&kept_fixture::load_words)});
}

BOOST_AUTO_TEST_CASE(a_cache_is_no_output_also_before_it_is_there) {
  refuse(cache, {maker(&kept_fixture::run_words), maker(&kept_fixture::map_words),
                 maker(&kept_fixture::submit_words), maker(&kept_fixture::results_words)});
  BOOST_TEST(!fs::exists(cache));
}

BOOST_AUTO_TEST_CASE(journals_stores_and_caches_are_no_outputs) {
  const auto first = run_to_end(bare_command(run_words(out)));
  BOOST_TEST_REQUIRE(first.code == 0, first.err);
  BOOST_REQUIRE(fs::exists(cache));
  const auto journal = fs::exists(out + ".penstock-journal") ? out + ".penstock-journal" : cache;
  upstream.mock->set_faults({});
  const auto sent = seen();
  for (auto& file : {journal, cache})
    for (auto make :
         {&kept_fixture::run_words, &kept_fixture::map_words, &kept_fixture::submit_words,
          &kept_fixture::results_words, &kept_fixture::load_words}) {
      const auto hard = dir / "hard-link";
      fs::create_hard_link(file, hard);
      for (auto& name : {file, hard}) {
        const auto before = read_file(name);
        const auto end = run_to_end(bare_command((this->*make)(name)));
        BOOST_TEST(end.code == 2, name << ": " << end.err);
        BOOST_TEST((read_file(name) == before));
      }
      fs::remove(hard);
    }
  const auto named = run_to_end(bare_command(run_words(dir / "other.jsonl.penstock-journal")));
  BOOST_TEST(named.code == 2, named.err);
  BOOST_TEST(seen() == sent);
}

BOOST_AUTO_TEST_CASE(an_output_of_its_own_is_written) {
  const auto end = run_to_end(bare_command(run_words(out)));
  BOOST_TEST(end.code == 0, end.err);
  BOOST_TEST(seen() == 3u);
}

BOOST_AUTO_TEST_SUITE_END()
