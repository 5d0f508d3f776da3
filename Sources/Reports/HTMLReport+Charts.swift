internal import Experiments
internal import Measures

// The forms of chart that reports are made of, as Vega-Lite specifications.

extension HTMLReport.Chart {
  /// An axis: the column that it shows, its title, and how it is scaled.
  struct Axis: Sendable {
    let column: String
    let title: String
    var type = "quantitative"
    var isLogarithmic = false
    /// Whether the axis begins at 0.
    var fromZero = false
    /// Whether it counts something: no labels between whole numbers.
    var isWhole = false

    /// The same, linear where a value has no logarithm.
    func fitting(_ rows: [[JSONValue]], _ columns: [String]) -> Axis {
      guard isLogarithmic, let place = columns.firstIndex(of: column) else { return self }
      let isPositive = rows.allSatisfy {
        if case .number(let value) = $0[place] { value > 0 } else { true }
      }
      var axis = self
      axis.isLogarithmic = isPositive
      return axis
    }

    func encoding(grid: Bool = true) -> JSONValue {
      var scale: [String: JSONValue] = [:]
      if isLogarithmic { scale["type"] = "log" }
      if type == "quantitative", !isLogarithmic { scale["zero"] = .bool(fromZero) }
      if type == "quantitative" { scale["nice"] = .bool(!isLogarithmic) }
      return .object([
        "field": .string(column), "type": .string(type), "scale": .object(scale),
        "title": .string(title), "sort": .null,
        "axis": .object(isWhole ? ["grid": .bool(grid), "tickMinStep": 1] : ["grid": .bool(grid)]),
      ])
    }
  }

  /// Lines with points, one a value of `series`; dashed where `dashed` names the series, ringed where `marked`
  /// does.
  static func lines(
    _ name: String, title: String, caption: String, x: Axis, y: Axis, series: String?,
    dashed: [String] = [], marked: [String] = [], rows: [[JSONValue]], columns: [String],
    height: Double = 300, order: String? = nil
  ) -> HTMLReport.Chart {
    let (x, y) = (x.fitting(rows, columns), y.fitting(rows, columns))
    var encoding: [String: JSONValue] = ["x": x.encoding(), "y": y.encoding()]
    if let series {
      encoding["color"] = [
        "field": .string(series), "type": "nominal", "title": .null, "sort": .null,
      ]
      if !dashed.isEmpty {
        encoding["strokeDash"] = [
          "condition": [
            "test": [
              "field": .string(series), "oneOf": .array(dashed.map(JSONValue.string)),
            ],
            "value": [5, 4],
          ], "value": [1, 0],
        ]
      }
    }
    if let order { encoding["order"] = ["field": .string(order), "type": "quantitative"] }
    encoding["tooltip"] = tooltip(columns)
    var specification: [String: JSONValue] = [
      "height": .number(height), "encoding": .object(encoding),
    ]
    let line: JSONValue = ["type": "line", "point": true]
    if let series, !marked.isEmpty {
      let isMarked: JSONValue = .object([
        "field": .string(series), "oneOf": .array(marked.map(JSONValue.string)),
      ])
      let ring: JSONValue = [
        "type": "point", "filled": false, "size": 220, "strokeWidth": 3, "opacity": 1,
      ]
      specification["layer"] = .array([
        .object(["mark": line]),
        .object(["transform": .array([.object(["filter": isMarked])]), "mark": ring]),
      ])
    } else {
      specification["mark"] = line
    }
    return HTMLReport.Chart(
      name: name, title: title, caption: caption, columns: columns, rows: rows,
      specification: specification)
  }

  /// Points, coloured by `series`.
  static func points(
    _ name: String, title: String, caption: String, x: Axis, y: Axis, series: String? = nil,
    shape: String? = nil, size: Double = 30, opacity: Double = 0.8, diagonal: Bool = false,
    rows: [[JSONValue]], columns: [String], height: Double = 300
  ) -> HTMLReport.Chart {
    let (x, y) = (x.fitting(rows, columns), y.fitting(rows, columns))
    var encoding: [String: JSONValue] = ["x": x.encoding(), "y": y.encoding()]
    if let series {
      encoding["color"] = [
        "field": .string(series), "type": "nominal", "title": .null, "sort": .null,
      ]
    }
    if let shape {
      encoding["shape"] = ["field": .string(shape), "type": "nominal", "title": .null]
    }
    encoding["tooltip"] = tooltip(columns)
    let mark: JSONValue = [
      "type": "point", "filled": true, "size": .number(size), "opacity": .number(opacity),
    ]
    var specification: [String: JSONValue] = ["height": .number(height)]
    if diagonal {
      let line: JSONValue = .object([
        "mark": ["type": "line", "strokeDash": [4, 4], "opacity": 0.6, "color": "gray"],
        "encoding": .object([
          "x": x.encoding(),
          "y": .object(["field": .string(x.column), "type": "quantitative"]),
        ]),
      ])
      specification["layer"] = .array([
        line, .object(["mark": mark, "encoding": .object(encoding)]),
      ])
    } else {
      specification["mark"] = mark
      specification["encoding"] = .object(encoding)
    }
    return HTMLReport.Chart(
      name: name, title: title, caption: caption, columns: columns, rows: rows,
      specification: specification)
  }

  /// Horizontal bars, one a row, with rules where `reference` names a column.
  static func bars(
    _ name: String, title: String, caption: String, value: Axis, category: Axis,
    series: String? = nil, grouped: Bool = false, rows: [[JSONValue]], columns: [String],
    height: Double? = nil
  ) -> HTMLReport.Chart {
    var y = category
    y.type = "nominal"
    var x = value.fitting(rows, columns)
    x.fromZero = !x.isLogarithmic
    guard case .object(var bandAxis) = y.encoding(grid: false) else { fatalError("unreachable") }
    bandAxis["axis"] = ["labelLimit": 220, "grid": false]
    bandAxis["scale"] = nil
    var encoding: [String: JSONValue] = ["x": x.encoding(), "y": .object(bandAxis)]
    if let series {
      encoding["color"] = [
        "field": .string(series), "type": "nominal", "title": .null, "sort": .null,
      ]
    }
    encoding["tooltip"] = tooltip(columns)
    var mark: [String: JSONValue] = ["type": "bar"]
    if grouped {
      // Side by side would need a facet, which cannot be as wide as the window: points instead.
      mark = ["type": "point", "filled": true, "size": 70]
      x.fromZero = false
      encoding["x"] = x.encoding()
    }
    return HTMLReport.Chart(
      name: name, title: title, caption: caption, columns: columns, rows: rows,
      specification: [
        "height": .number(height ?? Double(Set(rows.map { $0[0].text }).count) * 24 + 20),
        "mark": .object(mark), "encoding": .object(encoding),
      ])
  }

  /// A grid of coloured cells.
  static func heatmap(
    _ name: String, title: String, caption: String, x: Axis, y: Axis, color: String,
    colorTitle: String?, scheme: String, isLogarithmic: Bool = false, text: String? = nil,
    rows: [[JSONValue]], columns: [String], width: Double? = nil, height: Double
  ) -> HTMLReport.Chart {
    func axis(_ axis: Axis) -> JSONValue {
      .object([
        "field": .string(axis.column), "type": "ordinal",
        "title": axis.title.isEmpty ? .null : .string(axis.title),
        "axis": axis.title.isEmpty ? .null : ["labelAngle": 0],
      ])
    }
    let cell: JSONValue = .object([
      "mark": ["type": "rect"],
      "encoding": .object([
        "x": axis(x), "y": axis(y),
        "color": .object([
          "field": .string(color), "type": "quantitative",
          "scale": .object([
            "scheme": .string(scheme), "type": isLogarithmic ? "symlog" : "linear",
          ]),
          "legend": colorTitle.map { ["title": .string($0), "columns": .null] } ?? .null,
        ]), "tooltip": tooltip(columns),
      ]),
    ])
    var layers = [cell]
    if let text {
      layers.append(
        .object([
          "mark": ["type": "text", "fontSize": 11],
          "transform": [["filter": ["field": .string(text), "gt": 0]]],
          "encoding": .object([
            "x": axis(x), "y": axis(y),
            "text": .object(["field": .string(text), "type": "quantitative"]),
            "color": .object([
              "condition": ["test": ["field": .string(text), "gt": 60], "value": "white"],
              "value": "black",
            ]),
          ]),
        ]))
    }
    var specification: [String: JSONValue] = ["height": .number(height), "layer": .array(layers)]
    if let width { specification["width"] = .number(width) }
    return HTMLReport.Chart(
      name: name, title: title, caption: caption, columns: columns, rows: rows,
      specification: specification)
  }

  /// Energies of an image, by arithmetic.
  static func energy(
    _ energies: [(
      arithmetic: EnergyModel.Arithmetic, withReads: Bool, nanojoules: Double, network: String
    )], assumptions: String
  ) -> HTMLReport.Chart {
    bars(
      "energy", title: "Energy an image", caption: assumptions + ".",
      value: .init(column: "nanojoules", title: "nJ", isLogarithmic: true),
      category: .init(column: "arithmetic", title: ""), series: "network", grouped: true,
      rows: energies.map {
        [
          .string($0.arithmetic.rawValue + ($0.withReads ? " with reads" : "")),
          .number($0.nanojoules), .string($0.network),
        ]
      }, columns: ["arithmetic", "nanojoules", "network"], height: 160)
  }

  /// Times of one image.
  static func times(
    _ title: String, rounds: Int, _ times: [(network: String, microseconds: Double)]
  ) -> HTMLReport.Chart {
    bars(
      "time", title: title,
      caption: "One at a time, one thread; medians of \(rounds) rounds in turn.",
      value: .init(column: "microseconds", title: "µs"),
      category: .init(column: "network", title: ""),
      rows: times.map { [.string($0.network), .number($0.microseconds)] },
      columns: ["network", "microseconds"], height: Double(times.count) * 24 + 28)
  }

  private static func tooltip(_ columns: [String]) -> JSONValue {
    .array(columns.map { ["field": .string($0)] })
  }
}

extension HTMLReport {
  mutating func add(_ chart: Chart) { blocks.append(.chart(chart)) }
}
