#include "apps/penstock/cli/client_help.hpp"
#include "apps/penstock/cli/option_split.hpp"
#include "config/text.hpp"

#include <algorithm>
#include <string_view>

namespace penstock::cli {

namespace {

using config::in_quotes;

constexpr std::string_view of_clients[] = {"cluster.head",   "cluster.tls_cert",  "cluster.tls_key",
                                           "cluster.tls_ca", "cluster.node_name", "run.quiet",
                                           "run.json"};

constexpr std::string_view of_jobs[] = {
  "run.mode",         "run.tenant",           "run.priority",         "run.model",
  "run.deadline",     "run.budget",           "run.attempts",         "run.max_in_flight",
  "run.grace_period", "run.strict",           "run.restart",          "run.seed",
  "run.line_max",     "run.window_requests",  "run.window_bytes",     "run.breaker_open_for",
  "cache.mode",       "pack.automatic",       "pack.entries_max",     "pack.tokens_max",
  "pack.canary",      "upstream.price_input", "upstream.price_output"};

enum class settings_of { process, client, fetcher, submitter };

/// The words of one command.
struct cluster_form {
  std::string_view name;
  settings_of takes = settings_of::client;
  std::string_view word = {}; ///< What its one word stands for; empty: it has none.
  bool output = false;
  std::vector<std::string> flags = {}, values = {};
};

const std::vector<cluster_form>& forms() {
  static const std::vector<cluster_form> all{
    {.name = "serve", .takes = settings_of::process},
    {.name = "node", .takes = settings_of::process},
    {.name = "submit",
     .takes = settings_of::submitter,
     .word = "INPUT",
     .output = true,
     .flags = {"detach"},
     .values = {"idempotency-key", "name", "patience"}},
    {.name = "jobs", .flags = {"all"}, .values = {"tenant", "count"}},
    {.name = "status", .word = "JOB", .flags = {"follow"}, .values = {"patience"}},
    {.name = "results",
     .takes = settings_of::fetcher,
     .word = "JOB",
     .output = true,
     .flags = {"follow"},
     .values = {"from", "patience"}},
    {.name = "cancel", .word = "JOB"},
    {.name = "retry", .word = "JOB"},
    {.name = "nodes"},
    {.name = "lanes"},
    {.name = "tenants"},
    {.name = "top", .flags = {"once"}, .values = {"every"}},
  };
  return all;
}

const cluster_form* find_form(std::string_view name) {
  const auto it = std::ranges::find(forms(), name, &cluster_form::name);
  return it == forms().end() ? nullptr : &*it;
}

option_form form_of(const cluster_form& command) {
  option_form form;
  form.flags = command.flags;
  form.values = command.values;
  form.output = command.output;
  form.takes = [takes = command.takes](const config::key_row& row) {
    const auto among = [&](auto& keys) {
      return std::ranges::find(keys, row.name) != std::end(keys);
    };
    switch (takes) {
    case settings_of::process: return true;
    case settings_of::client: return among(of_clients);
    case settings_of::fetcher: return among(of_clients) || row.name == "run.restart";
    case settings_of::submitter: return among(of_clients) || among(of_jobs);
    }
    return false;
  };
  return form;
}

/// Whether the words fit the one that the command wants.
result<void> check_words(const cluster_form& form, const std::vector<std::string>& words) {
  const auto command = "penstock " + std::string{form.name};
  const auto wanted =
    command + " [OPTIONS]" + (form.word.empty() ? "" : " " + std::string{form.word});
  if (form.word.empty())
    return words.empty()
             ? result<void>{}
             : usage(command + ": unexpected " + in_quotes(words.front()) + "; " + wanted);
  if (words.size() == 1 && !words.front().empty())
    return {};
  if (words.size() > 1)
    return usage(command + ": one " + std::string{form.word} + ", please; the second is " +
                 in_quotes(words[1]));
  if (form.word == "JOB")
    return usage(command + ": which job? " + wanted + "; penstock jobs lists them");
  return usage(command + ": which file? " + wanted + " (- is standard input)");
}

} // namespace

std::span<const std::string_view> client_keys() { return of_clients; }
std::span<const std::string_view> job_keys() { return of_jobs; }

bool is_cluster_command(std::string_view name) { return find_form(name) != nullptr; }

result<cluster_command> parse_cluster(const std::string& name, const arguments& args,
                                      const config::environment& env) {
  const auto* form = find_form(name);
  auto raw = split(args, form_of(*form), "penstock " + name);
  if (!raw)
    return raw.error();
  cluster_command command;
  command.name = name;
  command.help = raw->help;
  if (command.help)
    return command;
  if (auto fit = check_words(*form, raw->positional); !fit)
    return fit.error();
  if (raw->output && raw->output->empty())
    return usage("penstock " + name + ": a file name is empty");
  command.positional = std::move(raw->positional);
  command.output = std::move(raw->output);
  command.own = std::move(raw->own);
  auto loaded = load(std::move(*raw), env);
  if (!loaded)
    return loaded.error();
  command.settings = std::move(*loaded);
  return command;
}

} // namespace penstock::cli
