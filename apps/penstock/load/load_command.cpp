#include "apps/penstock/load/load_command.hpp"

#include "apps/penstock/load/load_report.hpp"
#include "apps/penstock/load/load_session.hpp"
#include "apps/penstock/cli/option_split.hpp"
#include "apps/penstock/process/signals.hpp"
#include "apps/penstock/process/start.hpp"
#include "config/endpoint.hpp"
#include "config/script/load_script.hpp"
#include "config/text.hpp"

#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <mutex>

namespace penstock::cli {

namespace {

namespace fs = std::filesystem;

constexpr int exit_missed = 1;
constexpr size_t files_wanted = 4096;

/// The folder for logs and stores; removed at the end, unless the user wants to keep it.
class work_folder {
public:
  static result<work_folder> make(const std::string& keep) {
    std::error_code ec;
    if (!keep.empty()) {
      fs::create_directories(keep, ec);
      if (ec)
        return error{errc::io_error, "cannot make the folder " + keep + ": " + ec.message()};
      return work_folder{fs::absolute(keep), false};
    }
    auto pattern = (fs::temp_directory_path(ec) / "penstock-load-XXXXXX").string();
    if (ec || !::mkdtemp(pattern.data()))
      return error{errc::io_error, "cannot make a folder for logs; name one with --keep"};
    return work_folder{pattern, true};
  }
  work_folder(work_folder&& other) noexcept
      : path_{std::move(other.path_)}, temporary_{std::exchange(other.temporary_, false)} {}
  work_folder& operator=(work_folder&&) = delete;
  ~work_folder() {
    std::error_code ec;
    if (temporary_)
      fs::remove_all(path_, ec);
  }
  std::string path() const { return path_.string(); }

private:
  work_folder(fs::path path, bool temporary) : path_{std::move(path)}, temporary_{temporary} {}
  fs::path path_;
  bool temporary_;
};

result<void> write_file(const std::string& path, const std::string& text) {
  std::ofstream file{path, std::ios::binary};
  file << text;
  if (!file.flush())
    return error{errc::io_error, "cannot write " + path};
  return {};
}

/// The file of a script: `name` itself, or for a bare word such as "smoke" the script of that name
/// that comes with the program.
std::string script_file(const std::string& name) {
  std::error_code ec;
  if (fs::exists(name, ec) || fs::path{name}.has_parent_path())
    return name;
  const auto file = fs::path{name}.has_extension() ? name : name + ".toml";
  std::vector<fs::path> folders{fs::current_path(ec)};
  const auto program = fs::read_symlink("/proc/self/exe", ec);
  for (auto at = program.parent_path(); at.has_relative_path(); at = at.parent_path())
    folders.push_back(at);
  for (auto& folder : folders)
    for (auto* place : {"config/load", "share/penstock/load"})
      if (const auto found = folder / place / file; fs::exists(found, ec))
        return found.string();
  return name;
}

/// Applies the command line to the script.
result<core::load_script> adjusted(const load_command& command) {
  auto script = config::read_load_script(script_file(command.script));
  if (!script)
    return script;
  if (command.head) {
    if (!script->processes.empty())
      return usage("--head: the script starts processes of its own; take its [[processes]] out");
    script->head = *command.head;
  }
  script->seed = command.seed.value_or(script->seed);
  const double factor =
    command.seconds > 0 ? command.seconds / to_seconds(script->length()) : command.scale;
  core::scale(*script, factor);
  return script;
}

/// Refuses reports that would replace the script or each other.
result<void> check_reports(const load_command& command) {
  for (auto& report : {command.json, command.html})
    if (!report.empty())
      if (auto free = io::check_output_path(script_file(command.script), report); !free)
        return free;
  const io::kept_file other{command.json, "the report of --json as well"};
  return io::check_not_kept(command.html, {&other, 1});
}

int run(const load_command& command, const core::load_script& script,
        const config::environment& env) {
  auto folder = work_folder::make(command.keep);
  if (!folder)
    return complain(folder.error());
  raise_file_limit(files_wanted);
  block_signals();  // Threads start after this line.
  std::mutex mutex; // Guards the variables below.
  load_session* session = nullptr;
  int signal = 0;
  signal_watcher watcher{[&](int number, int count) {
    std::lock_guard lock{mutex};
    signal = number;
    if (session)
      session->interrupt();
    else if (count > 1)
      std::_Exit(128 + number); // The processes of the script end with us.
  }};
  load_world world{script, env, folder->path()};
  if (auto prepared = world.prepare(); !prepared)
    return complain(prepared.error());
  auto ended = [&]() -> result<core::load_result> {
    load_session running{script, world, command.quiet ? load_talk::quiet : load_talk::lines};
    {
      std::lock_guard lock{mutex};
      if (signal != 0)
        return error{errc::cancelled, "interrupted before the load began"};
      session = &running;
    }
    auto result = running.run();
    std::lock_guard lock{mutex};
    session = nullptr;
    return result;
  }();
  world.stop();
  if (!ended)
    return complain(ended.error());
  const auto verdicts = core::judge(*ended, script.expectations);
  std::cout << load_text(*ended, verdicts) << std::flush;
  if (!command.json.empty())
    if (auto written = write_file(command.json, load_json(*ended, verdicts) + "\n"); !written)
      return complain(written.error());
  if (!command.html.empty())
    if (auto written = write_file(command.html, load_page(*ended, verdicts)); !written)
      return complain(written.error());
  if (ended->interrupted)
    return 128 + (signal == SIGINT ? SIGINT : SIGTERM);
  return std::ranges::all_of(verdicts, &core::load_verdict::met) ? 0 : exit_missed;
}

} // namespace

result<load_command> parse_load(const arguments& args) {
  load_command command;
  CLI::App app;
  app.set_help_flag("-h,--help,--help-all");
  std::vector<std::string> words;
  std::optional<double> scale, seconds;
  app.add_option("SCRIPT", words)->expected(0, -1);
  app.add_option("--head", command.head);
  app.add_option("--seed", command.seed);
  app.add_option("--duration-scale", scale);
  app.add_option("--seconds", seconds);
  app.add_option("--json", command.json);
  app.add_option("--html", command.html);
  app.add_option("--keep", command.keep);
  app.add_flag("--check", command.check);
  app.add_flag("--quiet", command.quiet);
  try {
    app.parse(arguments{args.rbegin(), args.rend()});
  } catch (const CLI::CallForHelp&) {
    command.help = true;
    return command;
  } catch (const CLI::ParseError& e) {
    return usage(std::string{"penstock load: "} + e.what() + "; penstock load --help");
  }
  if (words.size() != 1 || words.front().empty())
    return usage(words.empty() ? "penstock load: which script? penstock load [OPTIONS] SCRIPT\nFor "
                                 "example:\n  penstock load smoke"
                               : "penstock load: one SCRIPT, please");
  command.script = words.front();
  constexpr double most = 1e4, week = 7 * 86400;
  if (scale && seconds)
    return usage("penstock load: --duration-scale and --seconds say the same: choose one");
  if (scale && !(*scale > 0 && *scale <= most))
    return usage("penstock load: --duration-scale must be above 0 and at most 10000");
  if (seconds && !(*seconds > 0 && *seconds <= week))
    return usage("penstock load: --seconds must be above 0 and at most a week");
  if (command.head && !config::parse_endpoint(*command.head))
    return usage("penstock load: --head must be HOST:PORT, is " + config::in_quotes(*command.head));
  command.scale = scale.value_or(1);
  command.seconds = seconds.value_or(0);
  return command;
}

const command_entry load_entry{
  .name = "load",
  .summary = "Send the messages of a script to an engine and measure the results.",
  .form = {},
  .about = R"(Sends the messages of a script to an engine and measures the results.

Usage: penstock load [OPTIONS] SCRIPT

  SCRIPT                      A TOML file with phases, messages, tenants, actions and expectations, or
                              the name of an included one: smoke, steady, burst, fairness, failover,
                              soak.
  --check                     Checks the script and prints its plan; sends no message.
  --head HOST:PORT            Uses this head instead of the engine of the script.
  --seed N                    Seed instead of that of the script. The same seed gives the same messages.
  --duration-scale X          Makes all phases and the times of actions X times as long; rates stay.
  --seconds N                 The same, so that all phases together take N seconds.
  --json FILE                 The report for programs, with the values over time.
  --html FILE                 The report as a page with charts; one file, no network, no script.
  --keep DIR                  Keeps logs and stores of the processes there.
  --quiet                     No progress.
  -h, --help                  Print this.

Arrivals are open loop: a slow engine does not slow them, and the time of a message counts from when it
was due. Jobs are followed to their last outcome; lost, repeated and misplaced outcomes are counted.

Without another upstream the engine of a script answers from the built-in mock. Configuration files
and PENSTOCK_* variables are ignored: only the script decides.

Exit codes: 0 all expectations met, 1 some missed, 2 usage or script, 3 it could not run, 130 and 143
interrupted (with a report of the results so far).

Examples:
  penstock load smoke
  penstock load --duration-scale 0.1 --html failover.html config/load/failover.toml
  penstock load --head 127.0.0.1:7117 my.toml
)",
  .examples = {},
  .run = [](const command_entry&, const arguments& args,
            const config::environment& env) { return load_main(args, env); },
};

int load_main(const arguments& args, const config::environment& env) {
  auto command = parse_load(args);
  if (!command)
    return complain_usage(command.error());
  if (command->help) {
    return print_text(help_of(load_entry, help_extent::all));
  }
  auto script = adjusted(*command);
  if (!script)
    return complain(script.error());
  if (auto free = check_reports(*command); !free)
    return complain(free.error());
  if (!command->check)
    return run(*command, *script, env);
  if (auto settings = load_engine_settings(*script, env, "/nonexistent"); !settings)
    return complain(settings.error());
  std::cout << load_plan(*script) << std::flush;
  return 0;
}

} // namespace penstock::cli
