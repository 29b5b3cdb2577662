#include "core/io/store/response_store.hpp"

#include <algorithm>
#include <list>
#include <unordered_map>

namespace penstock::io {

namespace {

class memory_store : public response_store {
public:
  explicit memory_store(store_limits limits) : limits_{limits} {}

  result<std::optional<core::cached_answer>> find(const std::string& key,
                                                  unix_seconds now) override {
    const auto it = by_key_.find(key);
    if (it == by_key_.end() || it->second->made + limits_.ttl.count() <= now)
      return std::optional<core::cached_answer>{};
    entries_.splice(entries_.end(), entries_, it->second);
    return std::optional{*it->second->row.answer};
  }

  result<void> put(const std::vector<store_row>& rows, unix_seconds now) override {
    for (auto& row : rows) {
      if (auto it = by_key_.find(row.key); it != by_key_.end())
        drop(it->second);
      if (bytes_of(row.key, *row.answer) > limits_.bytes_max)
        continue;
      bytes_ += bytes_of(row.key, *row.answer);
      by_key_[row.key] = entries_.insert(entries_.end(), {row, now});
    }
    for (auto it = entries_.begin(); it != entries_.end();) {
      const auto at = it++;
      if (at->made + limits_.ttl.count() <= now)
        drop(at);
    }
    if (bytes_ > limits_.bytes_max)
      while (bytes_ > limits_.bytes_max / 10 * 9 && !entries_.empty())
        drop(entries_.begin());
    return {};
  }

  result<store_totals> totals() override {
    store_totals t{entries_.size(), bytes_, std::nullopt};
    for (auto& e : entries_)
      t.oldest = std::min(t.oldest.value_or(e.made), e.made);
    return t;
  }

  result<uint64_t> clear(std::optional<unix_seconds> made_before) override {
    const auto before = entries_.size();
    for (auto it = entries_.begin(); it != entries_.end();) {
      const auto at = it++;
      if (!made_before || at->made < *made_before)
        drop(at);
    }
    return before - entries_.size();
  }

private:
  struct entry {
    store_row row;
    unix_seconds made = 0;
  };
  using position = std::list<entry>::iterator;

  void drop(position at) {
    bytes_ -= bytes_of(at->row.key, *at->row.answer);
    by_key_.erase(at->row.key);
    entries_.erase(at);
  }

  store_limits limits_;
  std::list<entry> entries_; ///< In the order of their last use.
  std::unordered_map<std::string, position> by_key_;
  uint64_t bytes_ = 0;
};

} // namespace

std::unique_ptr<response_store> make_memory_store(store_limits limits) {
  return std::make_unique<memory_store>(limits);
}

} // namespace penstock::io
