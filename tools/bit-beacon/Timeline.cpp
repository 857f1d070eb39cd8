#include "tools/bit-beacon/Timeline.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <tuple>

namespace lobit {

const char *linkWord(Link link) {
  switch (link) {
  case Link::None:
    return "-";
  case Link::First:
    return "first";
  case Link::Follows:
    return "follows";
  case Link::Missing:
    return "MISSING";
  case Link::Broken:
    return "BROKEN";
  }
  return "";
}

static std::string chainName(const TimelineEntry &entry) {
  return entry.context +
         (entry.origin ? hexText(entry.origin->keyId.data(), beacon::kKeyIdBytes) : std::string());
}

void linkEntries(std::vector<TimelineEntry> &entries) {
  std::vector<TimelineEntry> genuine, others;
  for (TimelineEntry &entry : entries)
    (entry.isGenuine() ? genuine : others).push_back(std::move(entry));
  entries = std::move(genuine);
  std::sort(entries.begin(), entries.end(), [](const TimelineEntry &a, const TimelineEntry &b) {
    const auto place = [](const TimelineEntry &entry) {
      return std::make_tuple(chainName(entry), entry.origin ? entry.origin->sequence : 0,
                             entry.file, entry.digest);
    };
    return place(a) < place(b);
  });
  // What is refused has no place in a chain; it stands where its name puts it.
  for (TimelineEntry &other : others)
    entries.insert(
        std::find_if(entries.begin(), entries.end(),
                     [&](const TimelineEntry &entry) { return entry.file > other.file; }),
        std::move(other));
  const TimelineEntry *before = nullptr;
  for (TimelineEntry &entry : entries) {
    if (!entry.isGenuine() || !entry.origin)
      continue;
    const beacon::Origin &origin = *entry.origin;
    if (!before || chainName(*before) != chainName(entry))
      entry.link = origin.previous == Digest{} ? Link::First : Link::Missing;
    else if (origin.previous == before->digest)
      entry.link = Link::Follows;
    else
      entry.link = origin.sequence > before->origin->sequence + 1 ? Link::Missing : Link::Broken;
    before = &entry;
  }
}

namespace {

std::string numberText(double value) {
  char text[32];
  snprintf(text, sizeof(text), "%.5g", value);
  return std::isnan(value) ? "-" : text;
}

/// "2023-11-14T23:13Z"; "-" without a time.
std::string timeText(const TimelineEntry &entry) {
  if (!entry.origin || entry.origin->issued == 0)
    return "-";
  const time_t seconds = time_t(entry.origin->issued);
  tm parts;
  char text[32];
  if (entry.origin->issued > 253402300799u || !gmtime_r(&seconds, &parts) ||
      strftime(text, sizeof(text), "%Y-%m-%dT%H:%MZ", &parts) == 0)
    return std::to_string(entry.origin->issued);
  return text;
}

std::string stateWord(const TimelineEntry &entry) {
  return entry.isDrift() ? "DRIFT" : entry.verdict.ok() ? "ok" : "REFUSED";
}

std::string authenticWord(const TimelineEntry &entry) {
  switch (entry.verdict.authentic) {
  case beacon::Answer::Yes:
    return "yes";
  case beacon::Answer::No:
    return "NO";
  case beacon::Answer::NotChecked:
    return "unchecked";
  }
  return "";
}

std::vector<std::string> cells(const TimelineEntry &entry) {
  std::vector<std::string> row = {entry.file, entry.tensor.empty() ? "-" : entry.tensor,
                                  entry.origin ? std::to_string(entry.origin->sequence) : "-",
                                  timeText(entry)};
  for (beacon::Metric metric :
       {beacon::Metric::Sds, beacon::Metric::NormDmu, beacon::Metric::CosMu})
    row.push_back(numberText(entry.value[int(metric)]));
  row.push_back(authenticWord(entry));
  row.push_back(linkWord(entry.link));
  row.push_back(stateWord(entry));
  return row;
}

const std::vector<std::string> kColumns = {"file",     "tensor", "number",    "issued", "SDS",
                                           "norm_dmu", "cos_mu", "authentic", "chain",  "state"};
constexpr size_t kFirstNumber = 2, kLastNumber = 6; ///< columns that stand to the right

std::string escaped(const std::string &text) {
  std::string out;
  for (char c : text)
    switch (c) {
    case '&':
      out += "&amp;";
      break;
    case '<':
      out += "&lt;";
      break;
    case '>':
      out += "&gt;";
      break;
    case '"':
      out += "&quot;";
      break;
    default:
      out += uint8_t(c) < 0x20 ? '?' : c;
    }
  return out;
}

/// A file name that a terminal shows as it is: other bytes become '?'.
std::string printable(std::string text) {
  for (char &c : text)
    if (uint8_t(c) < 0x20 || uint8_t(c) >= 0x7F)
      c = '?';
  return text;
}

//===--- the picture ----------------------------------------------------------===//

constexpr double kWidth = 920, kLeft = 80, kRight = 20, kTop = 44, kPlot = 120, kGap = 46,
                 kChain = 74;

struct Panel {
  const char *name;
  beacon::Metric metric;
  const char *color;
};
constexpr Panel kPanels[] = {{"SDS", beacon::Metric::Sds, "#1f6f8b"},
                             {"norm_dmu", beacon::Metric::NormDmu, "#6a4c93"},
                             {"cos_mu", beacon::Metric::CosMu, "#3a7d44"}};

std::string place(double value) {
  char text[32];
  snprintf(text, sizeof(text), "%.1f", value);
  return text;
}

/// A panel's range: all values and thresholds, with a margin.
std::pair<double, double> rangeOf(const std::vector<TimelineEntry> &entries,
                                  beacon::Metric metric) {
  double low = INFINITY, high = -INFINITY;
  const auto take = [&](double value) {
    if (std::isfinite(value)) {
      low = std::min(low, value);
      high = std::max(high, value);
    }
  };
  for (const TimelineEntry &entry : entries) {
    take(entry.value[int(metric)]);
    for (const beacon::Threshold &threshold : entry.thresholds)
      if (threshold.metric == metric)
        take(threshold.limit);
  }
  if (!(low <= high))
    return {0, 1};
  const double margin = high > low ? 0.1 * (high - low) : std::max(1e-3, 0.1 * std::fabs(high));
  // A distance is not negative.
  const bool distance = metric != beacon::Metric::CosMu && low >= 0;
  return {distance ? std::max(0.0, low - margin) : low - margin, high + margin};
}

class Picture {
public:
  explicit Picture(const std::vector<TimelineEntry> &entries) : entries_(entries) {
    height_ = kTop + 3 * (kPlot + kGap) + kChain;
  }

  std::string draw() {
    out_ = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + place(kWidth) + " " +
           place(height_) + "\" width=\"" + place(kWidth) + "\" height=\"" + place(height_) +
           "\" font-family=\"sans-serif\" font-size=\"12\">\n"
           "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n";
    text(kLeft, 22, "start", "#222222",
         "Beacons over time: " + std::to_string(entries_.size()) +
             (entries_.size() == 1 ? " file" : " files"));
    legend();
    double top = kTop;
    for (const Panel &panel : kPanels) {
      drawPanel(panel, top);
      top += kPlot + kGap;
    }
    drawChain(top);
    return out_ + "</svg>\n";
  }

private:
  double x(size_t i) const {
    const double width = kWidth - kLeft - kRight;
    return kLeft + width * (double(i) + 0.5) / double(std::max<size_t>(entries_.size(), 1));
  }
  void text(double atX, double atY, const char *anchor, const char *color,
            const std::string &words) {
    out_ += "<text x=\"" + place(atX) + "\" y=\"" + place(atY) + "\" text-anchor=\"" + anchor +
            "\" fill=\"" + color + "\">" + escaped(words) + "</text>\n";
  }
  void line(double x1, double y1, double x2, double y2, const std::string &style) {
    out_ += "<line x1=\"" + place(x1) + "\" y1=\"" + place(y1) + "\" x2=\"" + place(x2) +
            "\" y2=\"" + place(y2) + "\" " + style + "/>\n";
  }
  void mark(double atX, double atY, const TimelineEntry &entry, const char *color) {
    const char *fill = entry.isDrift() ? "#d1495b" : color;
    out_ += "<circle cx=\"" + place(atX) + "\" cy=\"" + place(atY) + "\" r=\"4\" fill=\"" + fill +
            "\"><title>" + escaped(printable(entry.file)) + ": " + stateWord(entry) +
            "</title></circle>\n";
  }

  void legend() {
    const double y = 18;
    out_ += "<circle cx=\"610\" cy=\"" + place(y) + "\" r=\"4\" fill=\"#d1495b\"/>\n";
    text(620, y + 4, "start", "#444444", "drift alert");
    line(700, y, 730, y, "stroke=\"#d1495b\" stroke-dasharray=\"5 3\"");
    text(736, y + 4, "start", "#444444", "threshold");
    cross(815, y);
    text(826, y + 4, "start", "#444444", "refused");
  }
  void cross(double atX, double atY) {
    const std::string style = "stroke=\"#222222\" stroke-width=\"2\"";
    line(atX - 5, atY - 5, atX + 5, atY + 5, style);
    line(atX - 5, atY + 5, atX + 5, atY - 5, style);
  }

  void drawPanel(const Panel &panel, double top) {
    const auto [low, high] = rangeOf(entries_, panel.metric);
    const auto y = [&, low = low, high = high](double value) {
      return top + kPlot * (high - value) / (high - low);
    };
    out_ += "<rect x=\"" + place(kLeft) + "\" y=\"" + place(top) + "\" width=\"" +
            place(kWidth - kLeft - kRight) + "\" height=\"" + place(kPlot) +
            "\" fill=\"#f6f7f8\" stroke=\"#d5d8dc\"/>\n";
    text(kLeft, top - 6, "start", panel.color, panel.name);
    for (int i = 0; i <= 2; ++i) {
      const double value = low + (high - low) * i / 2;
      text(kLeft - 6, y(value) + 4, "end", "#555555", numberText(value));
      if (i == 1)
        line(kLeft, y(value), kWidth - kRight, y(value), "stroke=\"#e3e6e8\"");
    }
    const double half =
        (kWidth - kLeft - kRight) / double(2 * std::max<size_t>(entries_.size(), 1));
    for (size_t i = 0; i < entries_.size(); ++i)
      for (const beacon::Threshold &threshold : entries_[i].thresholds)
        if (threshold.metric == panel.metric)
          line(x(i) - half, y(threshold.limit), x(i) + half, y(threshold.limit),
               "stroke=\"#d1495b\" stroke-dasharray=\"5 3\"");
    std::optional<size_t> before;
    for (size_t i = 0; i < entries_.size(); ++i) {
      const double value = entries_[i].value[int(panel.metric)];
      if (!std::isfinite(value))
        continue;
      if (before && chainName(entries_[*before]) == chainName(entries_[i]))
        line(x(*before), y(entries_[*before].value[int(panel.metric)]), x(i), y(value),
             "stroke=\"" + std::string(panel.color) + "\" stroke-width=\"1.5\"");
      before = i;
    }
    for (size_t i = 0; i < entries_.size(); ++i)
      if (std::isfinite(entries_[i].value[int(panel.metric)]))
        mark(x(i), y(entries_[i].value[int(panel.metric)]), entries_[i], panel.color);
  }

  /// One box a beacon, and the links between them.
  void drawChain(double top) {
    text(kLeft, top - 6, "start", "#222222", "chain");
    const double y = top + 20, half = 9;
    const TimelineEntry *before = nullptr;
    for (size_t i = 0; i < entries_.size(); ++i) {
      const TimelineEntry &entry = entries_[i];
      const double from = i == 0 ? kLeft : x(i - 1) + half, to = x(i) - half;
      if (entry.link == Link::Follows)
        line(from, y, to, y, "stroke=\"#444444\" stroke-width=\"1.5\"");
      if (entry.link == Link::Missing || entry.link == Link::Broken) {
        line(from, y, to, y, "stroke=\"#d1495b\" stroke-width=\"1.5\" stroke-dasharray=\"2 3\"");
        text(x(i), y + 26, "middle", "#d1495b", entry.link == Link::Missing ? "missing" : "broken");
      }
      const char *fill = entry.isDrift() ? "#d1495b" : entry.verdict.ok() ? "#7fb285" : "#ffffff";
      out_ += "<rect x=\"" + place(x(i) - half) + "\" y=\"" + place(y - half) +
              "\" width=\"18\" height=\"18\" rx=\"3\" fill=\"" + fill +
              "\" stroke=\"#444444\"><title>" + escaped(printable(entry.file)) + ": " +
              escaped(entry.verdict.ok() ? "ok" : entry.verdict.status.message()) +
              "</title></rect>\n";
      if (!entry.isGenuine())
        cross(x(i), y);
      if (entry.isGenuine() && (!before || chainName(*before) != chainName(entry)))
        text(x(i) - half, y - half - 4, "start", "#555555",
             entry.tensor.empty() ? entry.context : printable(entry.tensor));
      if (entry.isGenuine())
        before = &entry;
      if ((i == 0 || i + 1 == entries_.size()) && timeText(entry) != "-")
        text(i == 0 ? kLeft : kWidth - kRight, y + 46, i == 0 ? "start" : "end", "#555555",
             timeText(entry));
      if (entries_.size() <= 40 && entry.origin && entry.isGenuine())
        text(x(i), y + 4, "middle", "#111111", std::to_string(entry.origin->sequence));
    }
  }

  const std::vector<TimelineEntry> &entries_;
  double height_;
  std::string out_;
};

} // namespace

std::string timelineTable(const std::vector<TimelineEntry> &entries) {
  std::vector<std::vector<std::string>> rows = {kColumns};
  for (const TimelineEntry &entry : entries) {
    rows.push_back(cells(entry));
    for (std::string &cell : rows.back())
      cell = printable(cell);
  }
  std::vector<size_t> widths(kColumns.size(), 0);
  for (const auto &row : rows)
    for (size_t c = 0; c < row.size(); ++c)
      widths[c] = std::max(widths[c], row[c].size());
  std::string out;
  for (const auto &row : rows) {
    std::string line;
    for (size_t c = 0; c < row.size(); ++c) {
      const std::string pad(widths[c] - row[c].size(), ' ');
      const bool number = c >= kFirstNumber && c <= kLastNumber;
      line += (c == 0 ? "" : "  ") + (number ? pad + row[c] : row[c] + pad);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

std::string timelineSvg(const std::vector<TimelineEntry> &entries) {
  return Picture(entries).draw();
}

std::string timelineHtml(const std::vector<TimelineEntry> &entries, const std::string &title) {
  std::string out = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>" +
                    escaped(title) +
                    "</title>\n<style>body{font-family:sans-serif;margin:24px;color:#222}"
                    "table{border-collapse:collapse;margin-top:16px;font-size:13px}"
                    "th,td{padding:4px 10px;border-bottom:1px solid #d5d8dc;text-align:left}"
                    "td{white-space:nowrap}td:last-child{white-space:normal;min-width:240px}"
                    "td.alarm{color:#b3202f;font-weight:bold}</style></head>\n<body><h1>" +
                    escaped(title) + "</h1>\n" + timelineSvg(entries) + "<table><tr>";
  for (const std::string &column : kColumns)
    out += "<th>" + column + "</th>";
  out += "<th>reason</th></tr>\n";
  for (const TimelineEntry &entry : entries) {
    out += "<tr>";
    for (const std::string &cell : cells(entry)) {
      const bool alarm = cell == "DRIFT" || cell == "REFUSED" || cell == "BROKEN" ||
                         cell == "MISSING" || cell == "NO";
      out += (alarm ? "<td class=\"alarm\">" : "<td>") + escaped(printable(cell)) + "</td>";
    }
    out += "<td>" + escaped(printable(entry.verdict.ok() ? "" : entry.verdict.status.message())) +
           "</td></tr>\n";
  }
  return out + "</table></body></html>\n";
}

} // namespace lobit
