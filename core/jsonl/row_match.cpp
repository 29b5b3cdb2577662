#include "core/jsonl/row_match.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace penstock::core {

namespace {

using key_of_row = uint64_t (*)(const row_keys&);

uint64_t both(uint64_t a, uint64_t b) noexcept {
  return a == 0 || b == 0 ? 0 : (a * 0x9e3779b97f4a7c15u) ^ b;
}

uint64_t id_of(const row_keys& k) { return k.id; }

constexpr key_of_row levels[]{
  [](const row_keys& k) { return k.whole; }, [](const row_keys& k) { return both(k.id, k.used); },
  [](const row_keys& k) { return k.used; },  [](const row_keys& k) { return both(k.id, k.first); },
  [](const row_keys& k) { return k.first; },
};

/// Finds partners for the rows that have none yet.
class matcher {
public:
  matcher(std::span<const known_row> before, std::span<const row_keys> now)
      : before_{before}, now_{now}, found_(now.size()), taken_(before.size()),
        at_place_(now.size(), no_row) {
    for (uint64_t b = 0; b < before.size(); ++b)
      if (before[b].place < at_place_.size())
        at_place_[before[b].place] = b;
  }

  void by_key(key_of_row key, bool mended) {
    for (uint64_t n = 0; n < now_.size(); ++n)
      if (const auto b = at_place_[n]; b != no_row && !taken_[b] && is_open(n) &&
                                       key(now_[n]) != 0 && key(now_[n]) == key(before_[b].keys))
        take(n, b, mended);
    std::vector<std::pair<uint64_t, uint64_t>> wanted, there;
    for (uint64_t n = 0; n < now_.size(); ++n)
      if (is_open(n) && key(now_[n]) != 0)
        wanted.emplace_back(key(now_[n]), n);
    if (wanted.empty())
      return;
    for (uint64_t b = 0; b < before_.size(); ++b)
      if (!taken_[b] && key(before_[b].keys) != 0)
        there.emplace_back(key(before_[b].keys), b);
    std::ranges::sort(wanted);
    // Rows that were in the input last time go first, in their order.
    std::ranges::sort(there, {}, [&](auto& x) {
      return std::tuple{x.first, before_[x.second].place, x.second};
    });
    auto b = there.begin();
    for (auto& [k, n] : wanted) {
      while (b != there.end() && b->first < k)
        ++b;
      if (b != there.end() && b->first == k)
        take(n, (b++)->second, mended);
    }
  }

  void by_place() {
    for (uint64_t n = 0; n < now_.size(); ++n)
      if (const auto b = at_place_[n]; b != no_row && !taken_[b] && is_open(n))
        take(n, b, true);
  }

  std::vector<row_match> found() && { return std::move(found_); }

private:
  bool is_open(uint64_t n) const { return found_[n].before == no_row; }
  void take(uint64_t n, uint64_t b, bool mended) {
    found_[n] = {b, mended};
    taken_[b] = true;
  }

  std::span<const known_row> before_;
  std::span<const row_keys> now_;
  std::vector<row_match> found_;
  std::vector<bool> taken_;
  std::vector<uint64_t> at_place_;
};

} // namespace

std::vector<row_match> match_rows(std::span<const known_row> before,
                                  std::span<const row_keys> now) {
  matcher m{before, now};
  for (auto key : levels)
    m.by_key(key, false);
  m.by_key(id_of, true);
  m.by_place();
  return std::move(m).found();
}

} // namespace penstock::core
