internal import Experiments
internal import Foundation
internal import SpikeKernels
internal import Training

/// A report to look at: one HTML file with its charts, their data and all that draws them, for any
/// browser, offline.
///
/// Charts are Vega-Lite specifications, drawn by Vega, which stands in the file. Light or dark as the
/// reader's system is, as wide as the window. Each chart's data can be saved as CSV.
public struct HTMLReport: Sendable {
  /// What the report is about.
  let title: String
  /// Where its figures come from.
  let manifest: RunManifest
  var blocks: [Block] = []

  enum Block: Sendable {
    case heading(String)
    case text(String)
    case table(title: String, header: [String], rows: [[String]])
    case verdicts([Verdict])
    case chart(Chart)
  }

  /// One chart and its data.
  struct Chart: Sendable {
    /// The name of its CSV file.
    let name: String
    let title: String
    let caption: String
    let columns: [String]
    let rows: [[JSONValue]]
    /// A Vega-Lite specification of one view, without its data.
    let specification: [String: JSONValue]
  }

  init(title: String, manifest: RunManifest) {
    self.title = title
    self.manifest = manifest
  }

  /// The file.
  public var html: String {
    var body = ""
    for block in blocks {
      switch block {
      case .heading(let text): body += "<h2>\(Self.escaped(text))</h2>\n"
      case .text(let text): body += "<p>\(Self.escaped(text))</p>\n"
      case .table(let title, let header, let rows):
        body += Self.table(title: title, header: header, rows: rows)
      case .verdicts(let verdicts): body += Self.list(verdicts)
      case .chart(let chart): body += Self.figure(chart)
      }
    }
    let date = manifest.date.formatted(.iso8601)
    let facts = [
      manifest.command.joined(separator: " "), "seed \(manifest.seed)",
      "DeepSpikingNetworks \(manifest.packageVersion)", manifest.processor,
      "\(manifest.instructionSet.rawValue)", manifest.blas,
      "\(manifest.threads) threads"
        + (manifest.processes > 1 ? " in each of \(manifest.processes) processes" : ""), date,
    ]
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta http-equiv="Content-Security-Policy" \
      content="default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; \
      style-src 'unsafe-inline'; img-src data:">
      <link rel="icon" href="data:,">
      <title>\(Self.escaped(title))</title>
      <style>\(Self.style)</style>
      </head>
      <body>
      <main>
      <h1>\(Self.escaped(title))</h1>
      <p class="facts">\(Self.escaped(facts.joined(separator: " · ")))</p>
      \(body)</main>
      <footer><details><summary>Charts by Vega and Vega-Lite; their license</summary>
      <pre>\(Self.escaped(VegaScripts.license))</pre></details></footer>
      <script>\(VegaScripts.vega)</script>
      <script>\(VegaScripts.vegaLite)</script>
      <script>\(Self.script)</script>
      </body>
      </html>

      """
  }

  static func escaped(_ text: String) -> String {
    text.replacingOccurrences(of: "&", with: "&amp;")
      .replacingOccurrences(of: "<", with: "&lt;")
      .replacingOccurrences(of: ">", with: "&gt;")
      .replacingOccurrences(of: "\"", with: "&quot;")
  }

  private static func table(title: String, header: [String], rows: [[String]]) -> String {
    func line(_ cells: [String], _ tag: String) -> String {
      "<tr>" + cells.map { "<\(tag)>\(escaped($0))</\(tag)>" }.joined() + "</tr>\n"
    }
    return "<div class=\"table\"><table><caption>\(escaped(title))</caption>\n<thead>"
      + line(header, "th") + "</thead><tbody>\n" + rows.map { line($0, "td") }.joined()
      + "</tbody></table></div>\n"
  }

  private static func list(_ verdicts: [Verdict]) -> String {
    let items = verdicts.map { verdict in
      let (least, most) = (verdict.bound.atLeast, verdict.bound.atMost)
      let bound =
        least != nil && least == most
        ? "must be \(rounded(least!))"
        : [
          verdict.bound.atLeast.map { "at least \(rounded($0))" },
          verdict.bound.atMost.map { "at most \(rounded($0))" },
        ].compactMap(\.self).joined(separator: ", ")
      return "<li class=\"\(verdict.holds ? "holds" : "fails")\">\(escaped(verdict.name)): "
        + "<b>\(rounded(verdict.value))</b> (\(bound))"
        + (verdict.kind == .timing ? " [timing]" : "") + "</li>\n"
    }
    return "<ul class=\"verdicts\">\n" + items.joined() + "</ul>\n"
  }

  /// Four significant digits.
  static func rounded(_ value: Double) -> String {
    guard value != 0, value.isFinite else { return value == 0 ? "0" : "\(value)" }
    if value == value.rounded(), value.magnitude < 1e15 { return "\(Int(value))" }
    let scale = pow(10, 3 - floor(log10(value.magnitude)))
    let shown = (value * scale).rounded() / scale
    return shown == shown.rounded() && shown.magnitude < 1e15 ? "\(Int(shown))" : "\(shown)"
  }

  private static func figure(_ chart: Chart) -> String {
    var specification = chart.specification
    specification["$schema"] = "https://vega.github.io/schema/vega-lite/v4.json"
    if specification["width"] == nil { specification["width"] = "container" }
    let data: JSONValue = .object([
      "columns": .array(chart.columns.map(JSONValue.string)),
      "rows": .array(chart.rows.map(JSONValue.array)),
    ])
    return """
      <figure>
      <h3>\(escaped(chart.title))</h3>
      <div class="chart" data-name="\(escaped(chart.name))"></div>
      <script type="application/json" class="specification">\(JSONValue.object(specification).text)</script>
      <script type="application/json" class="data">\(data.text)</script>
      <figcaption>\(escaped(chart.caption)) <button type="button">CSV</button></figcaption>
      </figure>

      """
  }

  private static let style = """
    :root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --line: #d8dde3; --quiet: #57606a;
      --good: #1a7f37; --bad: #cf222e; --card: #f6f8fa; }
    @media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --paper: #0d1117; --line: #30363d;
      --quiet: #9198a1; --good: #3fb950; --bad: #f85149; --card: #161b22; } }
    * { box-sizing: border-box; }
    body { margin: 0; background: var(--paper); color: var(--ink);
      font: 16px/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
    main, footer { max-width: 60rem; margin: 0 auto; padding: 1rem; }
    h1 { font-size: 1.6rem; line-height: 1.25; margin: .5rem 0; }
    h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; border-bottom: 1px solid var(--line); }
    h3 { font-size: 1rem; margin: 0 0 .5rem; }
    .facts, figcaption, footer, caption { color: var(--quiet); font-size: .85rem; }
    .facts { overflow-wrap: anywhere; }
    figure { margin: 1.25rem 0; padding: 1rem; border: 1px solid var(--line); border-radius: 8px;
      background: var(--card); }
    .chart { width: 100%; min-height: 60px; overflow-x: auto; }
    .chart svg { max-width: 100%; height: auto; }
    button { font: inherit; font-size: .8rem; color: inherit; background: none;
      border: 1px solid var(--line); border-radius: 4px; padding: 0 .5rem; cursor: pointer; }
    .table { overflow-x: auto; }
    table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }
    caption { text-align: left; padding: .25rem 0; white-space: nowrap; }
    th, td { text-align: right; padding: .2rem .75rem .2rem 0; border-bottom: 1px solid var(--line);
      white-space: nowrap; font-size: .9rem; }
    th:first-child, td:first-child { text-align: left; }
    .verdicts { list-style: none; padding: 0; }
    .verdicts li::before { display: inline-block; width: 4.5rem; font-weight: 600; }
    .holds::before { content: "holds"; color: var(--good); }
    .fails::before { content: "FAILED"; color: var(--bad); }
    pre { white-space: pre-wrap; font-size: .75rem; }
    @media (max-width: 40rem) { main { padding: .75rem; } figure { padding: .5rem; } }
    """

  private static let script = """
    "use strict";
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    const views = new Map();
    function theme() {
      const style = getComputedStyle(document.documentElement);
      const of = name => style.getPropertyValue(name).trim();
      const ink = of("--ink"), quiet = of("--quiet"), line = of("--line");
      const text = { labelColor: quiet, titleColor: ink, labelFontSize: 12, titleFontSize: 12,
        titleFontWeight: "normal" };
      const colors = scheme.matches
          ? ["#58a6ff", "#f78166", "#3fb950", "#d2a8ff", "#e3b341", "#79c0ff", "#ff7b72", "#8b949e"]
          : ["#0969da", "#bc4c00", "#1a7f37", "#8250df", "#9a6700", "#0550ae", "#a40e26", "#57606a"];
      return { background: null, font: getComputedStyle(document.body).fontFamily,
        mark: { color: colors[0] }, view: { stroke: null },
        axis: Object.assign({ gridColor: line, domainColor: quiet, tickColor: quiet }, text),
        legend: Object.assign({ orient: "bottom", columns: innerWidth < 640 ? 1 : 3, labelLimit: 400 }, text),
        rule: { color: quiet }, text: { color: ink }, range: { category: colors } };
    }
    function table(figure) {
      return JSON.parse(figure.querySelector("script.data").textContent);
    }
    async function draw(figure) {
      const element = figure.querySelector(".chart");
      const specification = JSON.parse(figure.querySelector("script.specification").textContent);
      const { columns, rows } = table(figure);
      specification.data = { values: rows.map(row =>
        Object.fromEntries(columns.map((name, index) => [name, row[index]]))) };
      specification.config = theme();
      specification.autosize = { type: "fit-x", contains: "padding" };
      if (views.has(element)) views.get(element).finalize();
      element.replaceChildren();
      const view = new vega.View(vega.parse(vegaLite.compile(specification).spec),
        { renderer: "svg", container: element, hover: true });
      views.set(element, view);
      await view.runAsync();
      element.dataset.drawn = "yes";
    }
    function save(figure) {
      const { columns, rows } = table(figure);
      const cell = value => value === null ? "" : typeof value === "string"
        && /[",\\n]/.test(value) ? '"' + value.replaceAll('"', '""') + '"' : String(value);
      const text = [columns].concat(rows).map(row => row.map(cell).join(",")).join("\\n") + "\\n";
      const link = document.createElement("a");
      link.href = "data:text/csv;charset=utf-8," + encodeURIComponent(text);
      link.download = figure.querySelector(".chart").dataset.name + ".csv";
      link.click();
    }
    const figures = [...document.querySelectorAll("figure")];
    for (const figure of figures) figure.querySelector("button").onclick = () => save(figure);
    async function all() {
      for (const figure of figures) {
        // One that fails does not take the others with it.
        try { await draw(figure); } catch (error) { console.error(error); }
      }
    }
    all();
    scheme.addEventListener("change", all);
    let width = innerWidth, waiting;
    addEventListener("resize", () => {
      if (innerWidth === width) return;
      width = innerWidth;
      clearTimeout(waiting);
      waiting = setTimeout(all, 150);
    });
    """
}
