#include "core/io/file/input_scan.hpp"
#include "core/base/checksum.hpp"
#include "core/io/file/byte_source.hpp"
#include "core/io/file/repeated_hashes.hpp"
#include "core/io/file/request_reader.hpp"
#include "core/jsonl/input_kind.hpp"

#include <algorithm>
#include <span>
#include <unordered_map>

namespace penstock::io {

namespace {

constexpr uint64_t progress_every = 16384;
// Number of hashes that the second pass over the input compares. Equal hashes of different ids are
// very rare, so that one more pass nearly always finds all examples.
constexpr size_t suspects_per_pass = 64;

result<request_reader> open_reader(const std::string& path, const scan_options& options) {
  auto reader = request_reader::open(path, {.lines = options.lines,
                                            .line_max = options.line_max,
                                            .expected_hash = {},
                                            .expected_start = {}});
  if (reader && !reader->is_regular())
    return error{errc::io_error, path + ": not a regular file, so it cannot be read twice"};
  return reader;
}

void count(input_summary& summary, const core::request& r) {
  ++summary.requests;
  if (r.rejection) {
    ++summary.rejected;
    if (summary.rejections.size() < input_summary::examples_max)
      summary.rejections.push_back({r.line, r.custom_id, r.rejection->context});
    return;
  }
  auto key = std::pair{r.model, r.url};
  if (summary.models.size() >= input_summary::models_max && !summary.models.contains(key))
    key = {"...", "..."};
  auto& share = summary.models[std::move(key)];
  ++share.requests;
  share.body_bytes += r.body->size();
  share.output_tokens_max += r.output_tokens_max;
  share.without_maximum += r.output_tokens_max == 0;
}

// Reads the input again and compares the ids whose hashes are in `suspects`.
result<void> find_duplicates(input_summary& summary, const std::string& path,
                             const scan_options& options, std::span<const uint64_t> suspects) {
  auto reader = open_reader(path, options);
  if (!reader)
    return reader.error();
  std::unordered_map<std::string, uint64_t> first_lines;
  while (summary.duplicates.size() < input_summary::examples_max) {
    auto r = reader->next();
    if (!r)
      return r.error();
    if (!*r)
      break;
    auto& id = (*r)->custom_id;
    if (std::find(suspects.begin(), suspects.end(), core::checksum(id)) == suspects.end())
      continue;
    if (auto [known, fresh] = first_lines.try_emplace(id, (*r)->line); !fresh)
      summary.duplicates.push_back({id, known->second, (*r)->line});
  }
  return {};
}

} // namespace

model_share input_summary::total() const noexcept {
  model_share sum;
  for (auto& [key, share] : models) {
    sum.requests += share.requests;
    sum.body_bytes += share.body_bytes;
    sum.output_tokens_max += share.output_tokens_max;
    sum.without_maximum += share.without_maximum;
  }
  return sum;
}

result<void> check_requests(const std::string& path) {
  constexpr size_t looked_at = 1 << 20;
  auto source = open_byte_source(path);
  if (!source)
    return source.error();
  std::string start(looked_at, '\0');
  size_t size = 0;
  bool whole = false;
  while (size < start.size() && !whole) {
    auto n = (*source)->read(start.data() + size, start.size() - size);
    if (!n)
      return n.error();
    size += *n;
    whole = *n == 0;
  }
  start.resize(size);
  if (auto what = core::no_requests(start, whole); !what.empty())
    return error{errc::invalid_input, path + " " + what + " (nothing was sent)"};
  return {};
}

result<input_summary> scan_input(const std::string& path, const scan_options& options) {
  auto reader = open_reader(path, options);
  if (!reader)
    return reader.error();
  input_summary summary;
  repeated_hashes ids;
  for (;;) {
    auto r = reader->next();
    if (!r)
      return r.error();
    if (!*r)
      break;
    if (options.refuses)
      if (const auto why = options.refuses(**r))
        return error{errc::invalid_input,
                     path + ":" + std::to_string((*r)->line) + ": " + *why + " (nothing was sent)"};
    count(summary, **r);
    ids.add(core::checksum((*r)->custom_id));
    if (options.progress && summary.requests % progress_every == 0)
      options.progress(summary.requests, reader->bytes());
  }
  summary.bytes = reader->bytes();
  summary.hash = reader->hash();
  const auto suspects = ids.take();
  if (!suspects)
    return suspects.error();
  for (size_t at = 0;
       at < suspects->size() && summary.duplicates.size() < input_summary::examples_max;
       at += suspects_per_pass) {
    const auto n = std::min(suspects_per_pass, suspects->size() - at);
    if (auto found = find_duplicates(summary, path, options, std::span{*suspects}.subspan(at, n));
        !found)
      return found.error();
  }
  return summary;
}

} // namespace penstock::io
