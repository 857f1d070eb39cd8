#include "tools/quant-bench/Plot.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace lobit {
namespace {

constexpr double kWidth = 900, kHeight = 560, kLeft = 70, kRight = 210, kTop = 40, kBottom = 60;
const char *const kColours[] = {"#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf"};

std::string escape(const std::string &text) {
  std::string result;
  for (char c : text)
    result += c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : std::string(1, c);
  return result;
}

/// Powers of two between two numbers, as a scale of pixels.
struct Axis {
  double least, most, from, to;
  double operator()(double value) const {
    const double at = (std::log2(value) - std::log2(least)) / (std::log2(most) - std::log2(least));
    return from + std::min(1.0, std::max(0.0, at)) * (to - from);
  }
};

class Drawing {
public:
  void line(double x1, double y1, double x2, double y2, const char *style) {
    add("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" %s/>\n", x1, y1, x2, y2, style);
  }
  void text(double x, double y, const char *anchor, const std::string &words) {
    add("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n", x, y, anchor,
        escape(words).c_str());
  }
  void point(double x, double y, const char *colour, const std::string &title) {
    add("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"%s\"><title>%s</title></circle>\n", x, y,
        colour, escape(title).c_str());
  }
  const std::string &body() const { return body_; }

private:
  template <typename... Values> void add(const char *pattern, Values... values) {
    char buffer[1024];
    snprintf(buffer, sizeof(buffer), pattern, values...);
    body_ += buffer;
  }
  std::string body_;
};

std::string number(double value) {
  char text[32];
  snprintf(text, sizeof(text), "%.4g", value);
  return text;
}

} // namespace

std::string rooflinePlot(const MachineFacts &machine, const Roofline &roofline,
                         const std::vector<BenchRow> &rows) {
  double best = 1;
  for (const Limit &limit : roofline.limits())
    best = std::max(best, limit.macsPerSecond * 1e-9);
  double least = best, fewest = 1, most = 4;
  for (const BenchRow &row : rows) {
    const double rate = row.macs / row.medianSeconds() * 1e-9;
    least = std::min(least, rate);
    best = std::max(best, rate);
    if (row.bytes > 0) {
      fewest = std::min(fewest, row.macs / row.bytes);
      most = std::max(most, row.macs / row.bytes);
    }
  }
  const Axis x{std::exp2(std::floor(std::log2(fewest))), std::exp2(std::ceil(std::log2(most)) + 1),
               kLeft, kWidth - kRight};
  const Axis y{std::exp2(std::floor(std::log2(least))), std::exp2(std::ceil(std::log2(best))),
               kHeight - kBottom, kTop};

  Drawing d;
  for (double at = x.least; at <= x.most; at *= 4) {
    d.line(x(at), y.from, x(at), y.to, "stroke=\"#ddd\"");
    d.text(x(at), y.from + 18, "middle", number(at));
  }
  for (double at = y.least; at <= y.most; at *= 2) {
    d.line(x.from, y(at), x.to, y(at), "stroke=\"#ddd\"");
    d.text(x.from - 8, y(at) + 4, "end", number(at));
  }
  d.text((x.from + x.to) / 2, kHeight - 14, "middle", "multiplications per byte read");
  d.text(x.from, kTop - 12, "start", "GMAC/s; " + machine.cpu);

  for (const Limit &limit : roofline.limits()) {
    const double ridge = limit.macsPerSecond / limit.bytesPerSecond;
    const double from = limit.bytesPerSecond * x.least * 1e-9, top = limit.macsPerSecond * 1e-9;
    d.line(x(x.least), y(from), x(ridge), y(top), "stroke=\"#555\" stroke-dasharray=\"5 3\"");
    d.line(x(ridge), y(top), x.to, y(top), "stroke=\"#555\" stroke-dasharray=\"5 3\"");
    d.text(x.to + 6, y(top) + 4, "start",
           std::string(findIsa(limit.isa)->word) + " x " + std::to_string(limit.threads) + ": " +
               number(top) + " GMAC/s");
  }

  std::vector<std::string> groups;
  for (const BenchRow &row : rows) {
    const std::string group =
        (row.form.empty() ? row.test.substr(0, 2) : row.form) + " " + findIsa(row.isa)->word;
    const size_t index = size_t(std::find(groups.begin(), groups.end(), group) - groups.begin());
    if (index == groups.size())
      groups.push_back(group);
    const double rate = row.macs / row.medianSeconds() * 1e-9;
    d.point(x(row.bytes > 0 ? row.macs / row.bytes : x.most), y(rate),
            kColours[index % std::size(kColours)],
            row.test + ", " + std::to_string(row.tokens) + " tokens, " +
                std::to_string(row.threads) + " threads: " + number(rate) + " GMAC/s, " +
                number(100 * row.roofline()) + " % of the roofline");
  }
  for (size_t i = 0; i < groups.size(); ++i) {
    const double at = kHeight - kBottom - 18 * double(groups.size() - i);
    d.point(x.to + 14, at - 4, kColours[i % std::size(kColours)], groups[i]);
    d.text(x.to + 24, at, "start", groups[i]);
  }
  char head[256];
  snprintf(head, sizeof(head),
           "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" "
           "font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%%\" height=\"100%%\" "
           "fill=\"white\"/>\n",
           kWidth, kHeight);
  return head + d.body() + "</svg>\n";
}

} // namespace lobit
