#include "apps/mock/mock_faults.hpp"
#include "apps/mock/mock_text.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>

namespace penstock::mock {

using namespace std::chrono_literals;

namespace {

using enum fault_phase;

constexpr auto menu = std::to_array<fault_info>({
  {"429_ra", status},
  {"429_ra_ms", status},
  {"429_ra_date", status},
  {"429_bare", status},
  {"429_ra_bad", status},
  {"429_quota", status},
  {"429_billing", status},
  {"429_spend", status},
  {"429_daily", status},
  {"429_toolarge", status},
  {"slow_down", status},
  {"400_ctx", status},
  {"400_param", status},
  {"400_money", status},
  {"402_money", status},
  {"403_money", status},
  {"429_money", status},
  {"404_model", status},
  {"error_in_200", status},
  {"redirect", status},
  {"flap", status},
  {"concurrent", status},
  {"html_403", page},
  {"html_502", page},
  {"html_200", page},
  {"html_503", page},
  {"html_520", page},
  {"html_524", page},
  {"reset_before", socket},
  {"reset_reused", socket},
  {"hang", socket},
  {"hang_headers", socket},
  {"hang_connect", socket},
  {"garbage", socket},
  {"pack_missing", pack},
  {"pack_repeat", pack},
  {"pack_extra", pack},
  {"pack_swap", pack},
  {"pack_order", pack},
  {"pack_malformed", pack},
  {"empty_choices", answer},
  {"null_content", answer},
  {"no_content", answer},
  {"empty_content", answer},
  {"blank_content", answer},
  {"think", answer},
  {"think_tail", answer},
  {"think_open", answer},
  {"finish", answer},
  {"refusal", answer},
  {"content_filter", answer},
  {"length", answer},
  {"schema_violation", answer},
  {"usage_missing", answer},
  {"usage_zero", answer},
  {"usage_x100", answer},
  {"truncated_json", body},
  {"malformed_json", body},
  {"invalid_utf8", body},
  {"cut_utf8", body},
  {"half_surrogate", body},
  {"control_chars", body},
  {"nan", body},
  {"bom", body},
  {"empty_body", body},
  {"deep_nesting", body},
  {"wrong_type", body},
  {"reset_after_headers", wire},
  {"reset_body", wire},
  {"reset_idle", wire},
  {"dup_delivery", wire},
  {"truncated_len", wire},
  {"truncated_chunked", wire},
  {"wrong_len_long", wire},
  {"wrong_len_short", wire},
  {"slow_drip", wire},
  {"hang_body", wire},
  {"huge_body", wire},
  {"keepalive_noise", wire},
  {"chunked", wire},
  {"close_delimited", wire},
  {"clock_skew", wire},
  {"sse_no_done", stream},
  {"sse_cut", stream},
  {"sse_error", stream},
  {"sse_split", stream},
  {"sse_comments", stream},
  {"sse_huge_line", stream},
  {"headers_none", header},
  {"headers_partial", header},
  {"headers_stale", header},
  {"headers_lying", header},
  {"slow", world},
  {"brownout", world},
  {"limit_drift", world},
  {"close_idle_race", unread},
});

/// Every bare status shares one row: its name is in the rule.
constexpr fault_info bare_status{"status", status};

bool starts(std::string_view text, std::string_view prefix) {
  return prefix.empty() || text.starts_with(prefix);
}

/// A key is matched whole, unless the rule's ends with a star: "key-1" must not mean "key-10".
bool is_key(std::string_view key, std::string_view wanted) {
  if (wanted.ends_with('*'))
    return key.starts_with(wanted.substr(0, wanted.size() - 1));
  return wanted.empty() || key == wanted;
}

/// Faults of a connection that a client believes to be alive.
bool needs_reuse(const fault_rule& rule) {
  return rule.name == "reset_reused" || rule.info->phase == unread;
}

result<void> set_key(fault_rule& rule, std::string_view key, std::string_view value) {
  const auto bad = [&](std::string_view what) {
    return error{errc::invalid_config, "fault '" + rule.name + "': " + std::string{key} + "=" +
                                         std::string{value} + " " + std::string{what}};
  };
  if (key == "path" || key == "model") {
    (key == "path" ? rule.path : rule.model) = value.substr(0, value.find('*'));
    return {};
  }
  if (key == "key" || key == "text") {
    (key == "key" ? rule.key : rule.text) = value;
    return {};
  }
  for (auto [name, field] : {std::pair{"from", &rule.from},
                             {"until", &rule.until},
                             {"up", &rule.up},
                             {"down", &rule.down}})
    if (key == name) {
      const auto d = parse_span(value);
      if (!d)
        return bad("is no time span");
      *field = *d;
      return {};
    }
  const auto n = parse_number(value);
  if (!n || *n < 0)
    return bad("is no number");
  if (key == "p") {
    if (*n > 1)
      return bad("is above 1");
    rule.p = *n;
    return {};
  }
  for (auto [name, field] : {std::pair{"nth", &rule.nth},
                             {"every", &rule.every},
                             {"after", &rule.after},
                             {"first", &rule.first},
                             {"times", &rule.times},
                             {"above", &rule.above}})
    if (key == name) {
      if (*n < 1 || *n > 1e15)
        return bad("must be at least 1");
      *field = static_cast<uint64_t>(*n);
      return {};
    }
  return bad("is unknown (p, nth, every, after, first, times, above, from, until, up, down, path, "
             "model, key, text)");
}

} // namespace

std::span<const fault_info> fault_menu() { return menu; }

const fault_info* find_fault(std::string_view name) {
  for (const auto& f : menu)
    if (f.name == name)
      return &f;
  const auto n = parse_number(name);
  return n && name.size() == 3 && *n >= 400 && *n <= 599 ? &bare_status : nullptr;
}

result<fault_rule> parse_fault(std::string_view spec) {
  const auto parts = split_spec(spec);
  fault_rule rule;
  if (!parts.empty() && parts[0].second.empty())
    rule.name = parts[0].first;
  rule.info = find_fault(rule.name);
  if (!rule.info)
    return error{errc::invalid_config, "unknown fault '" + std::string{spec.substr(0, 64)} + "'"};
  for (size_t i = 1; i < parts.size(); ++i) {
    const auto [key, value] = parts[i];
    const bool assigned =
      key.data() + key.size() < spec.data() + spec.size() && key.data()[key.size()] == '=';
    if (!assigned && rule.argument.empty())
      rule.argument = key;
    else if (auto r = set_key(rule, key, value); !r)
      return r.error();
  }
  if (rule.name == "flap") { // 30 s up, 30 s down, unless told otherwise.
    rule.up = rule.up > 0ns ? rule.up : duration{30s};
    rule.down = rule.down > 0ns ? rule.down : duration{30s};
  }
  if (rule.name == "limit_drift" && rule.times == 0)
    rule.times = 1; // A drift happens once.
  if (rule.name == "concurrent" && rule.above == 0) {
    const auto n = rule.argument.empty() ? result<double>{1.0} : parse_number(rule.argument);
    if (!n || *n < 1 || *n > 1e15)
      return error{errc::invalid_config,
                   "fault 'concurrent:" + rule.argument + "': a number from 1 on is expected"};
    rule.above = static_cast<uint64_t>(*n);
  }
  return rule;
}

result<std::vector<fault_rule>> parse_fault_script(std::string_view text) {
  boost::system::error_code ec;
  const auto v = boost::json::parse({text.data(), text.size()}, ec);
  const auto* list = ec ? nullptr : v.if_array();
  if (const auto* o = ec ? nullptr : v.if_object())
    if (const auto* f = o->if_contains("faults"))
      list = f->if_array();
  if (!list)
    return error{errc::invalid_config,
                 "faults: an array, or an object with one called 'faults', is expected"};
  std::vector<fault_rule> rules;
  for (const auto& item : *list) {
    std::string spec;
    if (const auto* s = item.if_string()) {
      spec.assign(s->data(), s->size());
    } else if (const auto* o = item.if_object()) {
      const auto* name = o->if_contains("fault");
      if (name && name->is_string())
        spec.assign(name->get_string().data(), name->get_string().size());
      for (const auto& [key, value] : *o) {
        if (key == "fault")
          continue;
        const bool plain = value.is_string();
        const std::string as_text =
          plain ? std::string{value.get_string().data(), value.get_string().size()}
                : boost::json::serialize(value);
        spec += ',';
        spec += key == "arg" ? as_text : std::string{key.data(), key.size()} + "=" + as_text;
      }
    }
    auto rule = parse_fault(spec);
    if (!rule)
      return rule.error();
    rules.push_back(std::move(*rule));
  }
  return rules;
}

void fault_table::set(std::vector<fault_rule> rules) {
  rules_.clear();
  for (auto& r : rules)
    rules_.push_back({std::move(r)});
  has_unread_ = std::any_of(rules_.begin(), rules_.end(),
                            [](const counted& c) { return c.rule.info->phase == unread; });
  attempts_.clear();
}

void fault_table::reset() {
  for (auto& c : rules_)
    c.matched = c.struck = 0;
  attempts_.clear();
}

bool fault_table::within_first(const fault_rule& rule, uint64_t id) {
  if (rule.first == 0)
    return true;
  if (attempts_.size() >= attempts_max)
    attempts_.clear();
  return attempts_[mix(id ^ fnv1a(rule.name) ^ mix(rule.first))]++ < rule.first;
}

bool fault_table::strikes(const fault_rule& rule, uint64_t& matched, uint64_t& struck,
                          const fault_query& q, mock_random& r) {
  if (!starts(q.path, rule.path) || !starts(q.model, rule.model) || q.since < rule.from)
    return false;
  if (rule.info->phase == pack && !q.pack)
    return false;
  if (!is_key(q.key, rule.key) || q.in_flight <= rule.above)
    return false;
  if (q.text.find(rule.text) == q.text.npos)
    return false;
  if ((rule.until > 0ns && q.since >= rule.until) || (needs_reuse(rule) && !q.reused))
    return false;
  if (rule.up + rule.down > 0ns && (q.since - rule.from) % (rule.up + rule.down) < rule.up)
    return false;
  ++matched;
  const bool hit = (rule.nth == 0 || matched == rule.nth) &&
                   (rule.every == 0 || matched % rule.every == 0) && matched >= rule.after &&
                   (rule.times == 0 || struck < rule.times) &&
                   (rule.p >= 1 || r.uniform() < rule.p) && within_first(rule, q.id);
  struck += hit;
  return hit;
}

bool fault_table::strikes(const fault_rule& rule, const fault_query& q, mock_random& r) {
  uint64_t matched = 0, struck = 0;
  return strikes(rule, matched, struck, q, r);
}

const fault_rule* fault_table::pick(const fault_query& q, mock_random& r) {
  for (auto& c : rules_)
    if (c.rule.info->phase != unread && strikes(c.rule, c.matched, c.struck, q, r))
      return &c.rule;
  return nullptr;
}

const fault_rule* fault_table::pick_unread(const fault_query& q, mock_random& r) {
  for (auto& c : rules_)
    if (c.rule.info->phase == unread && strikes(c.rule, c.matched, c.struck, q, r))
      return &c.rule;
  return nullptr;
}

} // namespace penstock::mock
