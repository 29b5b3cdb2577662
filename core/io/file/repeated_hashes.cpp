#include "core/io/file/repeated_hashes.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

namespace penstock::io {

/// Reads one sorted run from the file, block by block.
class repeated_hashes::run_reader {
public:
  run_reader(std::FILE* file, size_t first, size_t count, size_t block_max)
      : file_{file}, next_{first}, left_{count}, block_max_{block_max} {}

  /// @returns nullopt at the end, and also if the file cannot be read: then `failed` is set.
  std::optional<uint64_t> next(bool& failed) {
    if (at_ == block_.size()) {
      block_.resize(std::min(left_, block_max_));
      at_ = 0;
      if (block_.empty())
        return std::nullopt;
      if (std::fseek(file_, static_cast<long>(next_ * sizeof(uint64_t)), SEEK_SET) != 0 ||
          std::fread(block_.data(), sizeof(uint64_t), block_.size(), file_) != block_.size()) {
        failed = true;
        left_ = 0;
        block_.clear();
        return std::nullopt;
      }
      next_ += block_.size();
      left_ -= block_.size();
    }
    return block_[at_++];
  }

private:
  std::FILE* file_;
  size_t next_, left_, block_max_;
  std::vector<uint64_t> block_;
  size_t at_ = 0;
};

void repeated_hashes::add(uint64_t hash) {
  current_.push_back(hash);
  if (current_.size() >= run_max_ && !in_memory_)
    spill();
}

void repeated_hashes::spill() {
  if (!file_)
    file_.reset(std::tmpfile());
  std::sort(current_.begin(), current_.end());
  if (!file_ || !write_run()) {
    in_memory_ = true; // The disk is full, or there is no folder for temporary files.
    return;
  }
  runs_.push_back(current_.size());
  current_.clear();
}

bool repeated_hashes::write_run() {
  size_t before = 0;
  for (auto n : runs_)
    before += n;
  // A run that was written only in part stays in the file, but is never read.
  return std::fseek(file_.get(), static_cast<long>(before * sizeof(uint64_t)), SEEK_SET) == 0 &&
         std::fwrite(current_.data(), sizeof(uint64_t), current_.size(), file_.get()) ==
           current_.size() &&
         std::fflush(file_.get()) == 0;
}

result<std::vector<uint64_t>> repeated_hashes::take() {
  std::sort(current_.begin(), current_.end());
  std::vector<uint64_t> found;
  // A heap of (next hash, its run). Run number runs_.size() means the hashes in memory.
  std::vector<std::pair<uint64_t, size_t>> heap;
  std::vector<run_reader> readers;
  const auto later = std::greater<>{};
  bool failed = false;
  size_t first = 0, in_memory = 0;
  const auto push_next = [&](size_t run) {
    std::optional<uint64_t> hash;
    if (run < readers.size())
      hash = readers[run].next(failed);
    else if (in_memory < current_.size())
      hash = current_[in_memory++];
    if (!hash)
      return;
    heap.emplace_back(*hash, run);
    std::push_heap(heap.begin(), heap.end(), later);
  };
  const auto block = std::max<size_t>(1, run_max_ / std::max<size_t>(1, runs_.size()));
  for (auto n : runs_) {
    readers.emplace_back(file_.get(), first, n, block);
    first += n;
  }
  for (size_t run = 0; run <= readers.size(); ++run)
    push_next(run);
  std::optional<uint64_t> last;
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), later);
    const auto [hash, run] = heap.back();
    heap.pop_back();
    if (last == hash && (found.empty() || found.back() != hash))
      found.push_back(hash);
    last = hash;
    push_next(run);
  }
  *this = repeated_hashes{run_max_};
  if (failed)
    return error{errc::io_error, "a temporary file cannot be read, so duplicate custom_ids cannot "
                                 "be found; look at the folder for temporary files (TMPDIR)"};
  return found;
}

} // namespace penstock::io
