// Curves of recall and speed as a picture: an SVG file without anything from elsewhere.
#pragma once

#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include "bench/support/curve.h"

namespace vecdb::bench {

class Plot {
 public:
  explicit Plot(std::string title) : title_(std::move(title)) {}

  void Add(const std::string& name, const Curve& curve, bool dashed = false) {
    if (!curve.empty()) lines_.push_back({name, curve, dashed});
  }

  // Recall from left to right, queries a second upwards, in powers of ten.
  void Write(const std::string& path) {
    if (lines_.empty()) return;
    FindEnds();
    std::ofstream out(path);
    out << "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" << kWidth << "\" height=\""
        << kHeight << "\" font-family=\"sans-serif\" font-size=\"12\">\n"
        << "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
        << Text(kLeft, 24, title_ + ": queries a second over recall@10");
    WriteAxes(out);
    for (std::size_t i = 0; i < lines_.size(); ++i) WriteLine(out, i);
    out << "</svg>\n";
  }

 private:
  struct Line {
    std::string name;
    Curve curve;
    bool dashed;
  };
  static constexpr double kWidth = 860;
  static constexpr double kHeight = 480;
  static constexpr double kLeft = 70;
  static constexpr double kRight = 620;
  static constexpr double kTop = 44;
  static constexpr double kBottom = 430;

  static std::string Text(double x, double y, const std::string& text, const char* more = "") {
    return "<text x=\"" + std::to_string(x) + "\" y=\"" + std::to_string(y) + "\" " + more + ">" +
           text + "</text>\n";
  }
  double X(double recall) const {
    return kLeft + (recall - least_) / (1 - least_) * (kRight - kLeft);
  }
  double Y(double qps) const {
    return kBottom - (std::log10(qps) - low_) / (high_ - low_) * (kBottom - kTop);
  }

  void FindEnds() {
    double slowest = INFINITY;
    double fastest = 0;
    least_ = 0.98;
    for (const Line& line : lines_) {
      for (const auto& [ef, point] : line.curve) {
        least_ = std::min(least_, point.recall);
        slowest = std::min(slowest, point.qps);
        fastest = std::max(fastest, point.qps);
      }
    }
    least_ = std::floor(least_ * 20) / 20;
    low_ = std::floor(std::log10(slowest));
    high_ = std::ceil(std::log10(fastest));
    if (high_ <= low_) high_ = low_ + 1;
  }

  void WriteAxes(std::ofstream& out) const {
    const auto rule = [&](double x1, double y1, double x2, double y2) {
      out << "<line x1=\"" << x1 << "\" y1=\"" << y1 << "\" x2=\"" << x2 << "\" y2=\"" << y2
          << "\" stroke=\"#ccc\"/>\n";
    };
    for (int part = 0; part <= 5; ++part) {
      const double recall = least_ + (1 - least_) * part / 5;
      char label[16];
      std::snprintf(label, sizeof(label), "%.3f", recall);
      rule(X(recall), kTop, X(recall), kBottom);
      out << Text(X(recall), kBottom + 18, label, "text-anchor=\"middle\"");
    }
    for (double power = low_; power <= high_; ++power) {
      const double y = Y(std::pow(10, power));
      rule(kLeft, y, kRight, y);
      char label[32];
      std::snprintf(label, sizeof(label), "%.0f", std::pow(10, power));
      out << Text(kLeft - 6, y + 4, label, "text-anchor=\"end\"");
    }
  }

  void WriteLine(std::ofstream& out, std::size_t i) const {
    static const char* const kColours[] = {"#c00", "#06c", "#090", "#a60", "#808", "#088", "#555"};
    const Line& line = lines_[i];
    const std::string stroke = std::string(kColours[i % std::size(kColours)]) +
                               (line.dashed ? "\" stroke-dasharray=\"5 3" : "");
    out << "<polyline fill=\"none\" stroke-width=\"2\" stroke=\"" << stroke << "\" points=\"";
    for (const auto& [ef, point] : line.curve) out << X(point.recall) << ',' << Y(point.qps) << ' ';
    out << "\"/>\n";
    const double y = kTop + 10 + 20 * static_cast<double>(i);
    out << "<line x1=\"636\" y1=\"" << y << "\" x2=\"664\" y2=\"" << y
        << "\" stroke-width=\"2\" stroke=\"" << stroke << "\"/>\n"
        << Text(672, y + 4, line.name);
  }

  const std::string title_;
  std::vector<Line> lines_;
  double least_ = 0;  // recall
  double low_ = 0;    // powers of ten
  double high_ = 0;
};

}  // namespace vecdb::bench
