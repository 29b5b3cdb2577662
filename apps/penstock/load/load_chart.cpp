#include "apps/penstock/load/load_chart.hpp"

#include "core/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace penstock::cli {

namespace {

// Of the drawing, in its own units.
constexpr double width = 960, height = 240, left = 64, right = 12, top = 26, bottom = 24;
constexpr size_t points_max = 600;
constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

double plot_width() { return width - left - right; }
double plot_height() { return height - top - bottom; }

/// 1, 2 or 5 times a power of ten, at least `x`.
double round_step(double x) {
  if (!(x > 0))
    return 1;
  const double power = std::pow(10, std::floor(std::log10(x)));
  for (double factor : {1.0, 2.0, 5.0, 10.0})
    if (factor * power >= x * 0.999999)
      return factor * power;
  return 10 * power;
}

double time_step(double seconds) {
  constexpr double steps[]{1,   2,   5,   10,   15,   30,   60,    120,
                           300, 600, 900, 1800, 3600, 7200, 14400, 43200};
  for (double step : steps)
    if (seconds / step <= 10)
      return step;
  return round_step(seconds / 10);
}

std::string time_text(double seconds) {
  const auto s = static_cast<long long>(seconds + 0.5);
  if (s < 60)
    return fmt::format("{} s", s);
  if (s < 3600)
    return fmt::format("{}:{:02}", s / 60, s % 60);
  return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

std::string value_text(chart_unit unit, double x) {
  switch (unit) {
  case chart_unit::seconds:
    return x <= 0       ? "0"
           : x < 1e-3   ? fmt::format("{:.3g} µs", x * 1e6)
           : x < 0.9999 ? fmt::format("{:.3g} ms", x * 1e3)
                        : fmt::format("{:.3g} s", x);
  case chart_unit::share: return fmt::format("{:.3g} %", x * 100);
  case chart_unit::rate:
  case chart_unit::count: break;
  }
  return x >= 1e6   ? fmt::format("{:.3g} M", x / 1e6)
         : x >= 1e4 ? fmt::format("{:.3g} k", x / 1e3)
                    : fmt::format("{:.3g}", x);
}

/// Converts values to heights.
struct scale {
  double low = 0, high = 1;
  bool logarithmic = false;
  std::vector<double> ticks;

  double y(double value) const {
    const double share = logarithmic ? (std::log10(std::max(value, low)) - std::log10(low)) /
                                         (std::log10(high) - std::log10(low))
                                     : (value - low) / (high - low);
    return top + plot_height() * (1 - std::clamp(share, 0.0, 1.0));
  }
};

scale scale_of(const chart& c) {
  double most = 0, least = HUGE_VAL;
  for (auto& line : c.lines)
    for (double x : line.values)
      if (std::isfinite(x) && x > 0) {
        most = std::max(most, x);
        least = std::min(least, x);
      }
  scale s;
  s.logarithmic = c.logarithmic && most > 0;
  if (s.logarithmic) {
    s.low = std::pow(10, std::floor(std::log10(least)));
    s.high = std::pow(10, std::ceil(std::log10(most) + 1e-9));
    if (s.high <= s.low)
      s.high = 10 * s.low;
    for (double tick = s.low; tick <= s.high * 1.001; tick *= 10)
      s.ticks.push_back(tick);
    return s;
  }
  const double step = round_step((most > 0 ? most : 1) / 4);
  s.high = step * std::ceil(std::max(most, step) / step - 1e-9);
  for (double tick = 0; tick <= s.high * 1.001; tick += step)
    s.ticks.push_back(tick);
  return s;
}

/// Joins neighbours: for times the largest, which must stay visible; for others the mean.
double joined(const std::vector<double>& values, size_t from, size_t to, bool largest) {
  double sum = 0, most = nothing;
  size_t count = 0;
  for (size_t i = from; i < std::min(to, values.size()); ++i)
    if (std::isfinite(values[i])) {
      sum += values[i];
      most = count++ == 0 ? values[i] : std::max(most, values[i]);
    }
  return count == 0 ? nothing : largest ? most : sum / static_cast<double>(count);
}

/// The path of a line. A point between gaps is a short dash, so that it is visible.
std::string path_of(const chart& c, const chart_line& line, const scale& s) {
  const auto group = std::max<size_t>(1, (c.at.size() + points_max - 1) / points_max);
  std::string path;
  bool down = false;
  for (size_t i = 0; i < c.at.size(); i += group) {
    const double value = joined(line.values, i, i + group, c.unit == chart_unit::seconds);
    if (!std::isfinite(value)) {
      down = false;
      continue;
    }
    const double x = left + plot_width() * std::min(1.0, c.at[i] / std::max(c.end, 1e-9));
    path += fmt::format("{}{:.1f},{:.1f}{}", down ? "L" : "M", x, s.y(value), down ? "" : "h.1");
    down = true;
  }
  return path;
}

std::string marks_svg(const chart& c) {
  std::string out;
  // Labels of phases share one line; one that would run into another stays a line.
  double free_from = 0;
  for (auto& [at, text] : c.phases) {
    const double x = left + plot_width() * std::min(1.0, at / std::max(c.end, 1e-9));
    out += fmt::format(R"(<line class="phase" x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}"/>)", x,
                       top - 12, height - bottom);
    if (x >= free_from) {
      constexpr size_t letters_max = 24;
      const auto label = core::clean_text(text, letters_max);
      out += fmt::format(R"(<text class="mark" x="{:.1f}" y="{}">{}</text>)", x + 3, top - 8,
                         escaped(label));
      free_from = x + 7.0 * static_cast<double>(label.size()) + 8;
    }
  }
  for (auto& [at, text] : c.actions) {
    const double x = left + plot_width() * std::min(1.0, at / std::max(c.end, 1e-9));
    out += fmt::format(
      R"(<line class="action" x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}"><title>{3}</title></line>)",
      x, top, height - bottom, escaped(text));
    out += fmt::format(R"(<path class="flag" d="M{0:.1f},{1}l-4,-6h8z"><title>{2}</title></path>)",
                       x, top, escaped(text));
  }
  return out;
}

} // namespace

std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text)
    switch (c) {
    case '&': out += "&amp;"; break;
    case '<': out += "&lt;"; break;
    case '>': out += "&gt;"; break;
    case '"': out += "&quot;"; break;
    case '\'': out += "&#39;"; break;
    default: out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  return out;
}

std::string chart_html(const chart& c) {
  auto out = fmt::format("<figure><figcaption>{}<span class=\"legend\">", escaped(c.title));
  for (auto& line : c.lines)
    out += fmt::format(R"(<span class="key c{}{}">{}</span>)", line.color,
                       line.dashed ? " dashed" : "", escaped(line.name));
  out +=
    fmt::format("</span></figcaption>\n<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">",
                width, height, escaped(c.title));
  const auto s = scale_of(c);
  for (double tick : s.ticks)
    out += fmt::format(
      R"(<line class="grid" x1="{0}" x2="{1}" y1="{2:.1f}" y2="{2:.1f}"/><text class="y" x="{3}" y="{4:.1f}">{5}</text>)",
      left, width - right, s.y(tick), left - 6, s.y(tick) + 4, value_text(c.unit, tick));
  const double step = time_step(c.end);
  for (double t = 0; t <= c.end + step / 1000; t += step)
    out += fmt::format(R"(<text class="x" x="{:.1f}" y="{}">{}</text>)",
                       left + plot_width() * t / std::max(c.end, 1e-9), height - 6, time_text(t));
  out += marks_svg(c);
  for (auto& line : c.lines)
    out += fmt::format(R"(<path class="line c{}{}" d="{}"><title>{}</title></path>)", line.color,
                       line.dashed ? " dashed" : "", path_of(c, line, s), escaped(line.name));
  return out + "</svg></figure>\n";
}

std::string_view chart_style() {
  return R"(:root{color-scheme:light dark;--ink:#1f2430;--soft:#667085;--paper:#fff;--grid:#e4e7ec;--good:#067647;--bad:#b42318;
--c0:#2563eb;--c1:#d97706;--c2:#059669;--c3:#c026d3;--c4:#dc2626;--c5:#64748b}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ef;--soft:#98a2b3;--paper:#14171d;--grid:#2b303b;--good:#47cd89;--bad:#f97066;
--c0:#6ea8fe;--c1:#fbbf24;--c2:#34d399;--c3:#e879f9;--c4:#f87171;--c5:#94a3b8}}
.c0{--c:var(--c0)}.c1{--c:var(--c1)}.c2{--c:var(--c2)}.c3{--c:var(--c3)}.c4{--c:var(--c4)}.c5{--c:var(--c5)}
figure{margin:1.5rem 0}figcaption{font-weight:600;display:flex;flex-wrap:wrap;gap:.25rem 1rem;justify-content:space-between}
.legend{font-weight:400;color:var(--soft)}.key{margin-left:1rem;white-space:nowrap}
.key::before{content:"";display:inline-block;width:1.2em;border-top:3px solid var(--c);vertical-align:middle;margin-right:.4em}
.key.dashed::before{border-top-style:dashed}
svg{width:100%;height:auto;display:block}svg text{fill:var(--soft);font-size:11px}
.y{text-anchor:end}.x{text-anchor:middle}.grid{stroke:var(--grid)}
.line{fill:none;stroke:var(--c);stroke-width:1.6;stroke-linejoin:round;stroke-linecap:round}.line.dashed{stroke-dasharray:5 4}
.phase{stroke:var(--soft);stroke-dasharray:2 3}.action{stroke:var(--bad);stroke-dasharray:3 3}.flag{fill:var(--bad)}
)";
}

} // namespace penstock::cli
