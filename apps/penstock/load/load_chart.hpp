#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock::cli {

/// `text` escaped for elements and attributes of HTML and SVG.
std::string escaped(std::string_view text);

/// The unit of the values of a chart.
enum class chart_unit { rate, seconds, count, share };

/// One line of a chart: a value for each point in time; NaN leaves a gap.
struct chart_line {
  std::string name;
  std::vector<double> values;
  int color = 0; ///< 0 to 5; the same thing has the same color in all charts.
  bool dashed = false;
};

/// Lines over time.
struct chart {
  std::string title;
  chart_unit unit = chart_unit::count;
  bool logarithmic = false; ///< For times, because the tail is a hundred times the median.
  std::vector<double> at;   ///< Seconds, ascending.
  double end = 0;           ///< Of the time axis.
  std::vector<chart_line> lines;
  std::vector<std::pair<double, std::string>> phases, actions; ///< Marked with their names.
};

/// A `<figure>` with a legend and an inline SVG: no script, no link. Colors come from the classes
/// of `chart_style`. Too many points are joined.
std::string chart_html(const chart& c);

/// The style sheet of the charts, for light and dark mode.
std::string_view chart_style();

} // namespace penstock::cli
