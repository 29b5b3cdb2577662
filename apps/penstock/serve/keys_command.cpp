#include "apps/penstock/serve/keys_command.hpp"

#include "apps/penstock/process/start.hpp"
#include "config/load.hpp"
#include "config/text.hpp"
#include "core/api/job_form.hpp"
#include "core/base/duration_text.hpp"
#include "core/base/suggest.hpp"
#include "core/base/text.hpp"
#include "core/io/file/wall_clock.hpp"
#include "core/io/store/key_store.hpp"
#include "core/json/json_fields.hpp"
#include "core/json/json_text.hpp"
#include "core/view/text_table.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include <algorithm>
#include <iostream>

namespace penstock::cli {

namespace {

namespace json = boost::json;

constexpr int64_t day_seconds = 86'400;

/// The command line of `penstock keys`.
struct keys_command {
  std::string what; ///< "create", "list" or "revoke"; empty: help.
  std::string store, id;
  core::api_key wanted;
  std::optional<duration> expires_in;
  bool json = false;
};

error keys_usage(const std::string& text) { return {errc::invalid_config, "penstock keys" + text}; }

result<keys_command> parse_keys(const arguments& args, const config::environment& env) {
  keys_command command;
  if (args.empty() || args.front() == "--help" || args.front() == "-h" ||
      args.front() == "--help-all")
    return command;
  const std::vector<std::string> words{"create", "list", "revoke"};
  const auto word = args.front();
  if (std::find(words.begin(), words.end(), word) == words.end())
    return keys_usage(": unknown command " + config::in_quotes(word) +
                      core::did_you_mean(core::nearest(word, words)) + "; penstock keys --help");
  CLI::App app;
  app.set_help_flag("-h,--help,--help-all");
  std::optional<std::string> store, config_file, expires;
  std::vector<std::string> scopes;
  app.add_option("--store", store);
  app.add_option("--config", config_file);
  app.add_flag("--json", command.json);
  if (word == "create") {
    app.add_option("--name", command.wanted.name)->required();
    app.add_option("--tenant", command.wanted.tenant);
    app.add_option("--scopes", scopes)->delimiter(',');
    app.add_option("--models", command.wanted.models)->delimiter(',');
    app.add_option("--expires", expires);
  } else if (word == "revoke") {
    app.add_option("ID", command.id)->required();
  }
  try {
    app.parse(arguments{args.rbegin(), args.rend() - 1});
  } catch (const CLI::CallForHelp&) {
    return command;
  } catch (const CLI::ParseError& e) {
    return keys_usage(' ' + word + ": " + e.what());
  }
  command.what = word;
  if (command.wanted.tenant.empty())
    command.wanted.tenant = "default";
  if (scopes.empty())
    scopes = {"run", "read", "operate"};
  for (auto& text : scopes) {
    const auto scope = core::api_scope_from(text);
    if (!scope)
      return keys_usage(" create: --scopes takes run, read, operate, admin and metrics, not " +
                        config::in_quotes(text));
    command.wanted.scopes.push_back(*scope);
  }
  if (expires) {
    command.expires_in = core::parse_strict_duration(*expires);
    if (!command.expires_in || *command.expires_in <= duration{})
      return keys_usage(" create: --expires must be a time span such as \"90d\" or \"12h\", is " +
                        config::in_quotes(*expires));
  }
  if (store) {
    command.store = *store;
    return command;
  }
  auto loaded = config::load({.file = config_file, .env = env, .command_line = {}});
  if (!loaded)
    return loaded.error();
  command.store = loaded->values.serve.store;
  return command;
}

std::string scopes_of(const core::api_key& k) {
  std::string out;
  for (auto s : k.scopes)
    (out += out.empty() ? "" : ",") += core::to_string(s);
  return out;
}

std::string day_of(int64_t seconds, const char* otherwise) {
  return seconds > 0 ? core::time_text(seconds * 1000).substr(0, 10) : otherwise;
}

json::object shown(const core::api_key& k) {
  return {{"id", k.id},
          {"name", core::json_string(k.name)},
          {"tenant", core::json_string(k.tenant)},
          {"scopes", scopes_of(k)},
          {"created_at", k.created},
          {"expires_at", k.expires > 0 ? json::value(k.expires) : json::value(nullptr)}};
}

int create(keys_command& command, io::key_store& keys) {
  if (command.expires_in)
    command.wanted.expires =
      io::wall_now() +
      std::chrono::duration_cast<std::chrono::seconds>(*command.expires_in).count();
  const auto made = keys.create(command.wanted, io::wall_now());
  if (!made)
    return complain(made.error());
  if (command.json) {
    auto o = shown(made->key);
    o["key"] = made->text;
    std::cout << core::json_text(o) << std::endl;
    return 0;
  }
  std::cout << made->text << std::endl;
  std::cerr << "penstock: key " << made->key.id << " of tenant " << made->key.tenant
            << " may: " << scopes_of(made->key)
            << ". It is shown only now; keep it where secrets are kept" << std::endl;
  return 0;
}

int list(const keys_command& command, io::key_store& keys) {
  const auto all = keys.list();
  if (!all)
    return complain(all.error());
  if (command.json) {
    json::array rows;
    for (auto& k : *all)
      rows.push_back(shown(k));
    std::cout << core::json_text(json::object{{"keys", std::move(rows)}}) << std::endl;
    return 0;
  }
  core::text_table rows{"ID", "NAME", "TENANT", "SCOPES", "MADE", "EXPIRES", "LAST USED"};
  for (auto& k : *all)
    rows.add({k.id, core::clean_text(k.name, 60), core::clean_text(k.tenant, 60), scopes_of(k),
              day_of(k.created, "-"), day_of(k.expires, "never"),
              day_of(k.used_day * day_seconds, "never")});
  std::cout << rows.text("there are no keys: the service takes calls of this machine only\n")
            << std::flush;
  return 0;
}

int revoke(const keys_command& command, io::key_store& keys) {
  const auto gone = keys.revoke(command.id);
  if (!gone)
    return complain(gone.error());
  if (!*gone)
    return complain({errc::not_found, "there is no key " + config::in_quotes(command.id) +
                                        "; penstock keys list shows the ids"});
  std::cout << "revoked " << command.id << std::endl;
  return 0;
}

int keys_main(const command_entry& entry, const arguments& args, const config::environment& env) {
  auto command = parse_keys(args, env);
  if (!command)
    return complain_usage(command.error());
  if (command->what.empty())
    return print_text(help_of(entry, help_extent::all));
  if (command->store == ":memory:")
    return complain_usage(
      keys_usage(": a store in memory has its keys in the memory of the head; make them over HTTP "
                 "(POST /penstock/v1/keys), or name a file with --store"));
  auto keys = io::open_key_store(command->store);
  if (!keys)
    return complain(keys.error());
  if (command->what == "create")
    return create(*command, **keys);
  return command->what == "list" ? list(*command, **keys) : revoke(*command, **keys);
}

} // namespace

const command_entry keys_entry{
  .name = "keys",
  .summary = "Make, list and revoke the keys of the HTTP service.",
  .form = {},
  .about =
    R"(Makes, lists and revokes the keys of the HTTP service of penstock serve. Works while the head runs, and
while it is stopped. A key belongs to a tenant, which owns all that is made with it.

Usage: penstock keys create --name NAME [--tenant TENANT] [--scopes LIST] [--models LIST] [--expires TIME]
       penstock keys list
       penstock keys revoke ID

  create                      Prints a new key. Only now: the store has its SHA-256 alone.
  list                        Keys with tenant, scopes and last use.
  revoke                      Ends a key; a running head knows within a second.
  --name NAME                 For people, such as "web application".
  --tenant TENANT             Owner of its jobs (default: default).
  --scopes LIST               run (requests and jobs), read, operate (cancel, retry), admin (everything, all
                              tenants), metrics. Default: run,read,operate.
  --models LIST               Patterns of models that it may use, such as "gpt-4o-mini*"; default: all.
  --expires TIME              Ends after this time, such as "90d".
  --store FILE                Store of the head; without it serve.store of the configuration.
  --config FILE               Configuration file.
  --json                      As JSON.

Once there is a key, every call needs one: "Authorization: Bearer pst_...", x-api-key or x-goog-api-key.
)",
  .examples = R"(  penstock keys create --name admin --scopes admin
      The first key. It can make others over HTTP.
  penstock keys create --name school-7 --tenant school-7 --expires 365d
      A key for one tenant.
)",
  .run = keys_main,
};

} // namespace penstock::cli
