internal import Datasets
internal import ModelFiles
internal import Networks

extension InputFile {
  /// What a file, a folder or standard input holds, and what was assumed.
  static func open(
    _ path: String, _ inputs: Int, _ options: InputOptions
  ) throws(DatasetError) -> (Source, notes: [String]) {
    if path == "-" { return (try piped(options), []) }
    if ImageFolder.isFolder(path) {
      let found = try ImageFolder.images(in: path)
      guard !found.paths.isEmpty else {
        throw .badData(
          path: path, reason: "no image in this folder: expected PNG, JPEG, PGM or PPM")
      }
      return (
        .images(paths: found.paths),
        found.others > 0 ? ["\(found.others) files that are no images are not read"] : []
      )
    }
    let kind = try DataFileKind(path: path)
    guard options.array == nil || kind == .archive else {
      throw .badData(path: path, reason: "'--array' is about npz files")
    }
    switch kind {
    case .image: return (.images(paths: [path]), [])
    case .netpbm: return (.netpbm(NetpbmReader(try AnyBytes(path: path), path: path)), [])
    case .array, .archive: return try array(path, inputs, options)
    case .idx: return (.idx(try idx(path, inputs, options)), [])
    case .table:
      return (
        .table(
          TableReader(try AnyBytes(path: path), path: path, hasHeader: options.hasHeader)), []
      )
    case .empty: throw .badData(path: path, reason: "an empty file, expected images or a table")
    case .other(let kind):
      throw .badData(
        path: path,
        reason: "\(kind), expected PNG, JPEG, PGM, PPM, IDX, npy, npz or a table")
    }
  }

  private static func piped(_ options: InputOptions) throws(DatasetError) -> Source {
    let input = StandardInput()
    var start: [UInt8] = []
    // Enough to tell what it is, and no more than a short row: what comes later may come much later.
    while start.count < 8, !start.contains(0x0A) {
      let more = try input.read(upTo: 1 << 16)
      if more.isEmpty { break }
      start += more
    }
    let source = AnyBytes.input(start[...], input)
    let name = "standard input"
    switch DataFileKind(start: Array(start.prefix(512))) {
    case .netpbm: return .netpbm(NetpbmReader(source, path: name))
    case .table, .empty:
      return .table(TableReader(source, path: name, hasHeader: options.hasHeader))
    case .image, .idx, .array, .archive:
      throw .badData(
        path: name, reason: "expected a table, PGM or PPM images: give other files by their names")
    case .other(let kind):
      throw .badData(path: name, reason: "\(kind), expected a table, PGM or PPM images")
    }
  }

  private static func idx(
    _ path: String, _ inputs: Int, _ options: InputOptions
  ) throws(DatasetError) -> IDXReader {
    let reader = try IDXReader(path: path, rank: 3)
    let (height, width) = (reader.dimensions[1], reader.dimensions[2])
    let trained = options.trained.shape.flatMap { $0.isMap && $0.count == inputs ? $0 : nil }
    guard height * width == inputs,
      trained.map({ ($0.height, $0.width) == (height, width) }) ?? true
    else {
      throw .badRow(
        path: path, row: 1,
        reason: "images of \(height) x \(width) pixels, expected "
          + (trained.map { "\($0.height) x \($0.width)" } ?? "\(inputs) inputs"))
    }
    return reader
  }

  /// The one array whose rows are inputs.
  private static func array(
    _ path: String, _ inputs: Int, _ options: InputOptions
  ) throws(DatasetError) -> (Source, notes: [String]) {
    let file = try Dataset.arrays(path) { name in options.array.map { $0 == name } ?? true }
    let all = file.arrays.map(\.name) + file.others.map(\.name)
    if let name = options.array, file.arrays.isEmpty {
      let fault = file.others.first { $0.name == name }?.reason
      throw .badData(
        path: path,
        reason: fault.map { "array \(name) cannot be read: \($0)" }
          ?? "no array \(name), expected one of \(all.prefix(8).joined(separator: ", "))")
    }
    let arrays = file.arrays.filter { $0.texts == nil }
    let fits = arrays.filter { !$0.shape.isEmpty && $0.shape.dropFirst().reduce(1, *) == inputs }
    if fits.count == 1 {
      let form = try ArrayForm(
        fits[0], path: path, order: options.channelOrder, isGrey: false)
      if let trained = options.trained.shape, trained.isMap, trained.count == inputs,
        form.shape.isMap, form.dimensions.count > 1,
        (form.shape.height, form.shape.width) != (trained.height, trained.width)
      {
        throw .badData(
          path: path,
          reason: "examples of \(form.dimensions), expected \(trained.height) x \(trained.width)")
      }
      return (
        .rows(form.values(fits[0].elements), fits[0].isBytes ? .bytes : .any),
        options.channelOrder == nil ? form.notes : []
      )
    }
    // One image without a dimension of examples.
    if fits.isEmpty, let one = arrays.first(where: { $0.elements.count == inputs }) {
      return (.rows(one.elements, one.isBytes ? .bytes : .any), [])
    }
    let found =
      arrays.prefix(8).map { "\($0.name) \($0.shape)" }
      + file.others.prefix(8).map { "\($0.name) (\($0.reason))" }
    throw .badData(
      path: path,
      reason: fits.isEmpty
        ? "arrays \(found.joined(separator: ", ")), expected one of examples x \(inputs) inputs"
        : "several arrays have examples of \(inputs) numbers: "
          + "\(fits.map(\.name).joined(separator: ", ")); say which: --array \(fits[0].name)")
  }
}
