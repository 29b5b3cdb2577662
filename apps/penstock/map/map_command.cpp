#include "apps/penstock/map/map_command.hpp"

#include "apps/penstock/process/engine_setup.hpp"
#include "apps/penstock/map/map_hints.hpp"
#include "apps/penstock/map/map_sample.hpp"
#include "apps/penstock/map/map_session.hpp"
#include "apps/penstock/process/signals.hpp"
#include "apps/penstock/process/start.hpp"
#include "apps/penstock/process/start_line.hpp"
#include "config/prices.hpp"
#include "config/recipe/recipe_file.hpp"
#include "core/base/checksum.hpp"
#include "core/protocol/protocol_info.hpp"
#include "core/io/file/content_hash.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iostream>

namespace penstock::cli {

namespace fs = std::filesystem;

namespace {

std::string ending_of(core::table_format f) { return "." + std::string{core::to_string(f)}; }

std::string blank_text(uint64_t rows) {
  return rows == 1 ? "1 row is empty: nothing is sent for it, and it keeps its place"
                   : std::to_string(rows) +
                       " rows are empty: nothing is sent for them, and they keep their places";
}

/// The files that the map reads and must not replace.
std::vector<io::kept_file> files_read(const std::string& input, const core::recipe& recipe) {
  std::vector<io::kept_file> files{{input, "the input"}};
  for (auto& file : recipe.files)
    files.push_back(
      {file, &file == &recipe.files.front() ? "the recipe" : "a schema of the recipe"});
  return files;
}

/// "rows.csv.gz" gives "rows".
std::string stem_of(std::string path) {
  if (path.ends_with(".gz"))
    path.resize(path.size() - 3);
  const auto ending = fs::path{path}.extension().string();
  path.resize(path.size() - ending.size());
  return path;
}

/// "rows.out.csv" gives "rows.out.sample.csv".
std::string sample_name(const std::string& output) {
  const auto ending = fs::path{output}.extension().string();
  return output.substr(0, output.size() - ending.size()) + ".sample" + ending;
}

} // namespace

int map_session::run() {
  if (auto prepared = prepare(); !prepared)
    return complain(prepared.error());
  if (command_.check) {
    auto text = check_text(recipe_, *input_, scan_, *script_, settings_.run.json);
    if (!text)
      return complain(text.error());
    std::cout << *text << std::flush;
    return 0;
  }
  if (auto priced = check_prices(); !priced)
    return complain(priced.error());
  auto needs = find_needs(settings_, env_, uses_cache());
  if (!needs)
    return complain(needs.error());
  cache_ = std::move(needs->cache);
  if (auto opened = open_files(); !opened)
    return complain(opened.error());
  if (files_->is_complete())
    return already_complete();
  if (!settings_.run.quiet)
    std::fprintf(
      stderr, "penstock: %s\n",
      core::clean_text(start_line(command_.settings, needs->keys, view_.rows, "row"), 2000)
        .c_str());
  block_signals(); // Threads start after this line.
  auto mocks = start_mocks(settings_, needs->keys);
  if (!mocks)
    return complain(mocks.error());
  mocks_ = std::move(*mocks);
  return drive(needs->keys);
}

/// Reads recipe and table, before anything is made or sent.
result<void> map_session::prepare() {
  if (auto loaded = load(); !loaded)
    return loaded;
  if (auto chosen = choose_output(); !chosen)
    return chosen;
  const auto rows_max = command_.sample > 0 ? command_.sample : command_.limit;
  make_prints();
  auto scan = scan_table(*input_, recipe_, rows_max, *prints_);
  if (!scan)
    return scan.error();
  scan_ = std::move(*scan);
  if (!settings_.run.quiet) {
    for (auto& note : scan_.notes)
      std::fprintf(stderr, "penstock: %s\n", note.c_str());
    if (scan_.blank > 0)
      std::fprintf(stderr, "penstock: %s\n", blank_text(scan_.blank).c_str());
  }
  if (scan_.faulty > 0) {
    std::string text;
    for (auto& fault : scan_.faults)
      text += "\n  " + fault;
    if (settings_.run.strict)
      return error{errc::invalid_input,
                   std::to_string(scan_.faulty) +
                     " unusable rows, and --strict is set (nothing was sent):" + text};
    if (!settings_.run.quiet && !command_.check)
      std::fprintf(stderr, "penstock: %llu unusable rows will be failed results:%s\n",
                   static_cast<unsigned long long>(scan_.faulty), text.c_str());
  }
  auto script = recipe_script::open(recipe_, *input_, scan_, output_format_, *prints_);
  if (!script)
    return script.error();
  script_ = std::move(*script);
  return {};
}

/// PDF documents go as they are where every upstream takes them.
void map_session::make_prints() {
  auto native = core::takes_pdf(settings_.upstream.protocol, settings_.upstream.base_url);
  for (auto& upstream : settings_.upstreams)
    native = native && core::takes_pdf(upstream.protocol, upstream.base_url);
  std::vector<io::document_options> documents;
  for (auto& stage : recipe_.stages) {
    io::document_options options;
    options.folder = (fs::path{input_->folder()} / recipe_.documents_folder).string();
    options.pdf_as_text =
      stage.pdf == core::pdf_mode::text || (stage.pdf == core::pdf_mode::automatic && !native);
    options.rules = stage.rules;
    documents.push_back(std::move(options));
  }
  prints_ = std::make_unique<row_prints>(
    recipe_, core::print_context{settings_.upstream.protocol, settings_.run.model},
    std::move(documents));
}

result<void> map_session::load() {
  auto recipe = config::read_recipe(command_.recipe);
  if (!recipe)
    return recipe.error();
  recipe_ = std::move(*recipe);
  if (!command_.group_by.empty()) {
    auto tenant = core::prompt_template::compile("{{" + command_.group_by + "}}", "--group-by");
    if (!tenant)
      return tenant.error();
    recipe_.tenant = std::move(*tenant);
  }
  auto input = map_input::open(command_.input, recipe_, settings_.run.line_max);
  if (!input)
    return input.error();
  input_.emplace(std::move(*input));
  return {};
}

result<void> map_session::choose_output() {
  output_ = command_.output;
  const auto input_format = input_->format();
  const auto promised = core::table_format_of(output_);
  output_format_ =
    recipe_.output_format
      ? *recipe_.output_format
      : promised.value_or(output_.empty() ? input_format : core::table_format::jsonl);
  if (output_.ends_with(".gz"))
    return error{errc::invalid_config, output_ +
                                         ": an output cannot be gzipped, it could not be resumed; "
                                         "choose another -o"};
  if (output_.empty())
    output_ =
      command_.input == "-" ? "-" : stem_of(command_.input) + ".out" + ending_of(output_format_);
  if (output_ == "-" && settings_.run.json && !command_.check)
    return error{errc::invalid_config,
                 "--json and the rows cannot both go to standard output; name a file "
                 "with -o"};
  if (command_.sample > 0)
    sample_output_ = output_ == "-" ? "-" : sample_name(output_);
  for (auto& name : {output_, sample_output_})
    if (auto free =
          check_output(name, command_.settings, env_, files_read(command_.input, recipe_));
        !free)
      return free;
  return {};
}

result<void> map_session::open_files() {
  io::content_hash recipe;
  recipe.update(recipe_.text);
  recipe.update("\n" + recipe_.tenant.text() + "\n" + std::string{core::to_string(output_format_)});
  io::map_request request;
  for (auto& stage : recipe_.stages)
    request.rounds.push_back(1 + (stage.schema ? stage.corrections_max : 0));
  request.identity.input_path = command_.input;
  request.identity.input_hash = scan_.hash;
  request.identity.settings = settings_.upstream.protocol + " model=" + settings_.run.model +
                              " recipe=" + recipe.hex().substr(0, 16);
  request.documents = scan_.documents;
  request.rows = std::move(scan_.keys);
  request.rows_to_run = scan_.rows_to_run;
  request.output = output_;
  request.sample_output = sample_output_;
  request.head = script_->head();
  request.restart = settings_.run.restart;
  request.retry_failed = command_.retry_failed;
  auto files = io::map_files::open(std::move(request));
  if (!files)
    return files.error();
  files_ = std::make_shared<io::map_files>(std::move(*files));
  if (settings_.run.restart || command_.retry_failed) {
    std::error_code ignored; // Groups that were cancelled are wanted after all.
    fs::remove(output_ + ".cancel", ignored);
  }
  view_.recipe = recipe_.name;
  view_.output = command_.sample > 0 ? sample_output_ : output_;
  for (auto& stage : recipe_.stages)
    view_.stages.push_back(stage.name);
  view_.rows = scan_.rows_to_run;
  view_.rows_in_input = scan_.rows;
  view_.done_before = files_->next_row();
  view_.resumable = files_->is_resumable();
  view_.changes = files_->changes();
  view_.replacing = files_->is_replacing();
  view_.retrying = files_->is_retrying();
  view_.unusable = scan_.faulty;
  view_.priced = !config::price_table_of(settings_).empty();
  if (view_.done_before > view_.rows && !files_->is_complete())
    return error{errc::invalid_config, output_ + " has " + std::to_string(view_.done_before) +
                                         " rows already, more than --limit " +
                                         std::to_string(view_.rows) +
                                         " asks for; choose a higher one, or another -o"};
  return {};
}

/// A budget has no effect without prices.
result<void> map_session::check_prices() const {
  if (settings_.run.budget <= 0)
    return {};
  const auto prices = config::price_table_of(settings_);
  std::string unknown;
  for (auto& stage : recipe_.stages) {
    const auto& model = stage.model.empty() ? settings_.run.model : stage.model;
    if (!prices.find(model))
      unknown += (unknown.empty() ? " \"" : ", \"") + model + '"';
  }
  if (unknown.empty())
    return {};
  return error{
    errc::invalid_config,
    "--budget needs prices for the models" + unknown +
      "; set --price-input and --price-output, or add [[prices]] rows to the configuration "
      "file (nothing was sent)"};
}

bool map_session::uses_cache() const {
  for (uint32_t stage = 0; stage < stages(); ++stage)
    if (options_of(0, stage).cache != core::cache_mode::off)
      return true;
  return false;
}

job_options map_session::options_of(uint32_t group, uint32_t stage) const {
  run_command as_run;
  as_run.input = command_.input;
  as_run.output = output_;
  auto o = make_job_options(settings_, as_run);
  const auto& what = recipe_.stages[stage];
  o.tenant = scan_.groups.names.empty() ? std::string{no_group} : scan_.groups.names[group];
  // The command line wins over the recipe, the recipe over the rest of the settings.
  const auto on_command_line = [&](const char* key) {
    const auto it = command_.settings.origins.find(key);
    return it != command_.settings.origins.end() && it->second.starts_with("command line");
  };
  if (what.run_as && !on_command_line("run.mode"))
    o.mode = *what.run_as;
  if (what.cache && !on_command_line("cache.mode"))
    o.cache = *what.cache;
  // All jobs together may use as much as one job of `run`.
  const auto jobs = std::max<size_t>(1, scan_.groups.names.size() * stages());
  o.window_bytes = std::max<uint64_t>(settings_.run.window_bytes / jobs, 1u << 20);
  // The custom_ids of a map are the same after a restart, but the indexes in the job are not.
  o.client_id.clear();
  return o;
}

int map_session::already_complete() {
  if (!settings_.run.quiet)
    std::fprintf(stderr,
                 "penstock: %s is complete already (%s rows); nothing was sent. --restart runs it "
                 "anew.\n",
                 output_.c_str(), count_text(files_->next_row()).c_str());
  const auto totals = core::decode_totals(files_->note(), scan_.groups.names.size(), stages());
  view_.state = job_state::completed;
  view_.jobs.resize(scan_.groups.names.size() * stages());
  view_.status.written = view_.status.resumed_rows = files_->next_row();
  view_.status.complete = true;
  for (size_t g = 0; g < scan_.groups.names.size(); ++g) {
    map_group_status group;
    group.name = scan_.groups.names[g];
    group.rows = scan_.groups.rows[g];
    group.done = totals ? (*totals)[g] : core::make_map_totals(1, stages())[0];
    for (size_t s = 0; s < stages(); ++s)
      group.stages.push_back({group.done.stages[s], 0, 0});
    view_.status.groups.push_back(std::move(group));
  }
  if (settings_.run.json)
    std::cout << map_summary_json(view_) << std::endl;
  if (const auto hint = retry_hint(view_); !settings_.run.quiet && !hint.empty())
    std::fprintf(stderr, "penstock: %s\n", hint.c_str());
  return static_cast<int>(exit_code_of(view_));
}

int map_main(const map_command& command, const config::environment& env) {
  return map_session{command, env}.run();
}

} // namespace penstock::cli
