#include "apps/penstock/run/cache_command.hpp"
#include "core/base/duration_text.hpp"

#include "apps/penstock/process/start.hpp"
#include "apps/penstock/view/summary.hpp"
#include "config/load.hpp"
#include "core/base/suggest.hpp"
#include "config/text.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <ctime>
#include <filesystem>
#include <iostream>

namespace penstock::cli {

namespace {

error usage(const std::string& text) { return {errc::invalid_config, "penstock cache" + text}; }

/// "2026-05-01 12:00 UTC".
std::string date_text(io::unix_seconds at) {
  const auto time = static_cast<std::time_t>(at);
  std::tm parts{};
  char text[32];
  if (!gmtime_r(&time, &parts) ||
      std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &parts) == 0)
    return "unknown";
  return text;
}

uint64_t size_on_disk(const std::string& file) {
  uint64_t sum = 0;
  for (auto suffix : {"", "-wal", "-shm"}) {
    std::error_code ec;
    if (const auto size = std::filesystem::file_size(file + suffix, ec); !ec)
      sum += size;
  }
  return sum;
}

int show(const cache_command& command, const io::store_totals& totals, bool exists) {
  const auto disk = size_on_disk(command.file);
  if (command.json) {
    boost::json::object o{{"file", command.file},
                          {"exists", exists},
                          {"entries", totals.entries},
                          {"bytes", totals.bytes},
                          {"bytes_on_disk", disk}};
    o["oldest_made_at"] =
      totals.oldest ? boost::json::value(*totals.oldest) : boost::json::value(nullptr);
    std::cout << boost::json::serialize(o) << std::endl;
    return 0;
  }
  std::cout << "file     " << command.file << (exists ? "" : " (not made yet)") << '\n'
            << "entries  " << count_text(totals.entries) << '\n'
            << "bytes    " << count_text(totals.bytes) << " (" << count_text(disk) << " on disk)\n";
  if (totals.oldest)
    std::cout << "oldest   " << date_text(*totals.oldest) << '\n';
  std::cout << std::flush;
  return 0;
}

int clear(const cache_command& command, io::response_store& store) {
  const auto before =
    command.older_than
      ? std::optional{io::wall_now() -
                      std::chrono::duration_cast<std::chrono::seconds>(*command.older_than).count()}
      : std::nullopt;
  const auto gone = store.clear(before);
  if (!gone)
    return complain(gone.error());
  std::cout << fmt::format("{} entries removed from {}\n", count_text(*gone), command.file)
            << std::flush;
  return 0;
}

} // namespace

result<cache_command> parse_cache(const arguments& args, const config::environment& env) {
  cache_command command;
  if (args.empty() || args.front() == "--help" || args.front() == "-h" ||
      args.front() == "--help-all")
    return command;
  const std::vector<std::string> words{"info", "clear"};
  const auto word = args.front();
  if (word != "info" && word != "clear")
    return usage(": unknown command " + config::in_quotes(word) +
                 core::did_you_mean(core::nearest(word, words)) + "; penstock cache --help");
  command.what = word == "info" ? cache_command::action::info : cache_command::action::clear;
  CLI::App app;
  app.set_help_flag("-h,--help,--help-all");
  std::optional<std::string> file, config_file, older_than;
  app.add_option("--file,--cache-file", file);
  app.add_option("--config", config_file);
  if (word == "info")
    app.add_flag("--json", command.json);
  else
    app.add_option("--older-than", older_than);
  try {
    app.parse(arguments{args.rbegin(), args.rend() - 1});
  } catch (const CLI::CallForHelp&) {
    command.what = cache_command::action::help;
    return command;
  } catch (const CLI::ParseError& e) {
    return usage(' ' + word + ": " + e.what());
  }
  if (older_than) {
    command.older_than = core::parse_strict_duration(*older_than);
    if (!command.older_than)
      return usage(" clear: --older-than must be a time span such as \"7d\" or \"12h\", is " +
                   config::in_quotes(*older_than));
  }
  if (file && !file->empty()) {
    command.file = *file;
    return command;
  }
  auto loaded = config::load({.file = config_file, .env = env, .command_line = {}});
  if (!loaded)
    return loaded.error();
  auto configured = actors::cache_file_of(loaded->values, env);
  if (!configured)
    return configured.error();
  command.file = std::move(*configured);
  return command;
}

const command_entry cache_entry{
  .name = "cache",
  .summary = "Show or empty the cache of answers.",
  .form = {},
  .about = R"(Shows or clears the cache of answers of penstock run --cache on.

Usage: penstock cache info [--json] [--file FILE]
       penstock cache clear [--older-than TIME] [--file FILE]

  info                        Number and size of the stored answers, and age of the oldest.
  clear                       Remove all answers, or those older than TIME ("7d", "12h"). A damaged
                              cache is removed completely.
  --file FILE                 The cache; without it cache.file of the configuration, else
                              penstock/cache.db in XDG_CACHE_HOME or ~/.cache.
  --config FILE               Configuration file.
  --json                      As one JSON object.

A stored answer is used only for the same tenant, upstream, protocol, path, model and body. Order and
spacing of the members of the body do not matter, nor do its members user, metadata, store, stream,
stream_options, safety_identifier, prompt_cache_key and prompt_cache_retention. Errors, refusals,
filtered answers and answers cut by a length are never stored.
)",
  .examples = {},
  .run = [](const command_entry&, const arguments& args,
            const config::environment& env) { return cache_main(args, env); },
};

int cache_main(const arguments& args, const config::environment& env) {
  auto command = parse_cache(args, env);
  if (!command)
    return complain_usage(command.error());
  if (command->what == cache_command::action::help) {
    return print_text(help_of(cache_entry, help_extent::all));
  }
  const auto clears = command->what == cache_command::action::clear;
  std::error_code ec;
  if (!std::filesystem::exists(command->file, ec)) { // Do not make a cache file only to look at it.
    if (!clears)
      return show(*command, {}, false);
    std::cout << "there is no cache " << command->file << '\n' << std::flush;
    return 0;
  }
  auto store = io::open_response_store(command->file, {});
  if (!store && store.error().code == errc::corrupt && clears && !command->older_than) {
    if (auto removed = io::remove_response_store(command->file); !removed)
      return complain(removed.error());
    std::cout << "removed " << command->file << ", which could not be read\n" << std::flush;
    return 0;
  }
  if (!store)
    return complain(store.error());
  if (clears)
    return clear(*command, **store);
  const auto totals = (*store)->totals();
  return totals ? show(*command, *totals, true) : complain(totals.error());
}

} // namespace penstock::cli
