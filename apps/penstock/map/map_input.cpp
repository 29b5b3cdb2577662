#include "apps/penstock/map/map_input.hpp"

#include "core/base/text.hpp"
#include "core/io/document/table_source.hpp"
#include "core/io/file/file_descriptor.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <utility>

namespace penstock::cli {

namespace fs = std::filesystem;

namespace {

constexpr size_t copy_at_once = 1 << 20;
constexpr size_t faults_kept = 5;

/// Copies all of `from` into a new file. @returns its path.
result<std::string> copy_of(int from, const std::string& name) {
  auto path = io::make_copy_file();
  if (!path)
    return path;
  const io::file_descriptor to{::open(path->c_str(), O_WRONLY | O_CLOEXEC)};
  std::string buffer(copy_at_once, '\0');
  for (;;) {
    const auto got = ::read(from, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR)
      continue;
    if (got == 0)
      return path;
    const auto written =
      got < 0 ? result<void>{io::system_error("cannot read", name, errno)}
              : io::append_to_copy(to.get(), *path, buffer.data(), static_cast<size_t>(got));
    if (!written) {
      ::unlink(path->c_str());
      return written.error();
    }
  }
}

bool is_workbook_name(const std::string& path) {
  const auto ending = core::to_lower(fs::path{path}.extension().string());
  return ending == ".xlsx" || ending == ".xlsm";
}

} // namespace

result<map_input> map_input::open(const std::string& path, const core::recipe& recipe,
                                  uint64_t row_max) {
  map_input input;
  input.name_ = input.path_ = path;
  input.options_.format = recipe.input_format ? recipe.input_format : core::table_format_of(path);
  input.options_.separator = recipe.input_separator;
  input.options_.row_max = row_max;
  input.options_.name = path;
  if (is_workbook_name(path))
    input.options_.format = core::table_format::csv;
  if (!input.options_.format)
    return error{
      errc::invalid_config,
      (path == "-" ? "standard input" : path) +
        " does not say what it is: name it .csv, .tsv, .jsonl or .xlsx, or set input.format in " +
        recipe.file};
  struct stat info {};
  const bool standard = path == "-";
  if (!standard && ::stat(path.c_str(), &info) != 0)
    return error{errc::invalid_input, io::system_error("cannot read", path, errno).context};
  if (!standard && S_ISDIR(info.st_mode))
    return error{errc::invalid_input, "cannot read " + path + ": it is a directory; name a table"};
  if (!standard && S_ISREG(info.st_mode)) {
    if (auto ready = input.convert(recipe); !ready)
      return ready.error();
    return input;
  }
  io::file_descriptor opened{standard ? -1 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!standard && !opened.valid())
    return error{errc::invalid_input, io::system_error("cannot read", path, errno).context};
  auto copy = copy_of(standard ? STDIN_FILENO : opened.get(), standard ? "standard input" : path);
  if (!copy)
    return copy.error();
  input.path_ = std::move(*copy);
  input.copied_ = input.piped_ = true;
  if (auto ready = input.convert(recipe); !ready)
    return ready.error();
  return input;
}

/// Converts it to a table that `table_reader` can read.
result<void> map_input::convert(const core::recipe& recipe) {
  const bool quotes = options_.format != core::table_format::jsonl;
  auto source =
    io::open_table(path_, {name_ == "-" ? "standard input" : name_, quotes, recipe.input_sheet});
  if (!source)
    return source.error();
  marked_ = source->marked;
  notes_ = std::move(source->notes);
  if (source->workbook) {
    options_.format = core::table_format::csv;
    options_.separator = ',';
  }
  if (!source->copied)
    return {};
  if (copied_)
    ::unlink(path_.c_str());
  path_ = std::move(source->path);
  copied_ = true;
  return {};
}

map_input::map_input(map_input&& other) noexcept
    : name_{std::move(other.name_)}, path_{std::move(other.path_)},
      copied_{std::exchange(other.copied_, false)}, piped_{other.piped_}, marked_{other.marked_},
      notes_{std::move(other.notes_)}, options_{other.options_} {}

map_input::~map_input() {
  if (copied_)
    ::unlink(path_.c_str());
}

result<io::table_reader> map_input::read() const { return io::table_reader::open(path_, options_); }

std::string map_input::folder() const {
  if (piped_)
    return ".";
  const auto parent = fs::path{name_}.parent_path();
  return parent.empty() ? "." : parent.string();
}

std::string group_name_of(const core::recipe& recipe, const core::row_scope& scope) {
  if (recipe.tenant.empty())
    return std::string{no_group};
  auto name = recipe.tenant.render(scope);
  return name && !name->empty() ? *name : std::string{no_group};
}

result<map_scan> scan_table(const map_input& input, const core::recipe& recipe, uint64_t rows_max,
                            row_prints& prints) {
  auto reader = input.read();
  if (!reader)
    return reader.error();
  map_scan scan;
  scan.columns = reader->columns();
  scan.format = reader->format();
  scan.notes = input.notes();
  for (auto& note : reader->notes())
    scan.notes.push_back(input.name() + ": " + note);
  if (auto known =
        core::check_names(recipe, scan.columns, scan.format == core::table_format::jsonl);
      !known)
    return known.error();
  for (core::table_row row;;) {
    auto more = reader->next(row);
    if (!more)
      return more.error();
    if (!*more)
      break;
    ++scan.rows;
    const core::row_scope scope{row.index + 1, std::exchange(row.values, {})};
    scan.keys.push_back(prints.keys(row, scope));
    if (!row.fault && !row.blank)
      prints.note_documents(scope);
    if (rows_max > 0 && scan.rows > rows_max) {
      row = {};
      continue;
    }
    ++scan.rows_to_run;
    scan.blank += row.blank;
    if (row.fault) {
      ++scan.faulty;
      if (scan.faults.size() < faults_kept)
        scan.faults.push_back(row.fault->context);
    }
    auto name = group_name_of(recipe, scope);
    auto& g = scan.groups;
    const auto [it, fresh] = g.numbers.try_emplace(name, static_cast<uint32_t>(g.names.size()));
    if (fresh) {
      if ((g.names.size() + 1) * recipe.stages.size() > map_jobs_max)
        return error{errc::invalid_input,
                     input.name() + " has more than " + std::to_string(g.names.size()) +
                       " groups; each is a job of its own: group by a column with fewer values"};
      g.names.push_back(std::move(name));
      g.rows.push_back(0);
    }
    ++g.rows[it->second];
    row = {};
  }
  scan.hash = reader->hash();
  scan.documents = prints.documents();
  return scan;
}

} // namespace penstock::cli
