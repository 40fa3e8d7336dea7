// Charts of values over time, as SVG for a page without any script.
#pragma once

#include <string>
#include <vector>

namespace signpost::bench {

struct Series {
  std::string name;
  std::string style;           // a class of the page's style sheet
  std::vector<double> values;  // one for each time; not a number: nothing is drawn there
};

enum class Scale { Linear, Logarithmic };

// `times`: seconds, ascending. Values of zero and below are not drawn on a logarithmic scale.
std::string chart(const std::string& title, const std::vector<double>& times,
                  const std::vector<Series>& series, Scale scale);

}  // namespace signpost::bench
