#if NIR
  internal import CHDF5
  internal import Files

  // The only Swift that reads with HDF5.

  /// An HDF5 file, read into memory: groups, texts and numbers.
  ///
  /// Sizes are looked at before anything is read. The library itself parses the file: of strangers' files it should do
  /// so in a process of its own.
  final class HDF5Reader {
    /// The largest file in bytes, and the most numbers or texts of one dataset: compressed ones may be larger than it.
    private static let maximumBytes = 1 << 30
    private static let maximumNumbers = 1 << 28
    private static let maximumTexts = 1 << 16

    private let file: hid_t

    /// - Throws: `HDF5Fault` for what is no HDF5 file; `ModelFileError.Fault.fileTooLarge`.
    init(_ source: RegularFile) throws {
      guard source.size <= Self.maximumBytes else {
        throw ModelFileError.Fault.fileTooLarge(found: source.size, limit: Self.maximumBytes)
      }
      chdf_silence()
      let access = H5Pcreate(chdf_file_access())
      defer { H5Pclose(access) }
      // A copy in memory: the file may change while it is read.
      var bytes = try source.read(at: 0, count: source.size)
      let isSet = unsafe bytes.withUnsafeMutableBytes {
        unsafe H5Pset_fapl_core(access, 1 << 20, false) >= 0
          && H5Pset_file_image(access, $0.baseAddress, $0.count) >= 0
      }
      guard isSet else { throw HDF5Fault(operation: "work in memory") }
      file = unsafe H5Fopen("memory", chdf_read_only(), access)
      guard file >= 0 else { throw HDF5Fault(operation: "read this file") }
    }

    deinit { H5Fclose(file) }

    /// Whether there is a group or dataset.
    func has(_ path: String) -> Bool {
      // Each part of the path: HDF5 wants the groups before to be there.
      var place = ""
      for part in path.split(separator: "/") {
        place += "/" + part
        guard unsafe H5Lexists(file, place, chdf_default()) > 0 else { return false }
      }
      return true
    }

    /// Names in a group, in their order.
    func names(in path: String, most: Int) throws -> [String] {
      let group = unsafe H5Gopen2(file, path, chdf_default())
      guard group >= 0 else { throw HDF5Fault(operation: "open the group \(path)") }
      defer { H5Gclose(group) }
      var info = H5G_info_t()
      guard unsafe H5Gget_info(group, &info) >= 0, info.nlinks <= most else {
        throw HDF5Fault(operation: "read the group \(path): more than \(most) members")
      }
      return try (0..<info.nlinks).map { index in
        let length = unsafe H5Lget_name_by_idx(
          group, ".", H5_INDEX_NAME, H5_ITER_INC, index, nil, 0, chdf_default())
        guard length > 0, length < 4096 else {
          throw HDF5Fault(operation: "read the names in \(path)")
        }
        let bytes = unsafe [CChar](unsafeUninitializedCapacity: length + 1) { buffer, filled in
          filled =
            unsafe H5Lget_name_by_idx(
              group, ".", H5_INDEX_NAME, H5_ITER_INC, index, buffer.baseAddress, length + 1,
              chdf_default()) == length ? length : 0
        }
        return String(decoding: bytes.map(UInt8.init(bitPattern:)), as: UTF8.self)
      }
    }

    /// Numbers of a dataset, its shape (none is a single number), and what the numbers are: `F32`.
    func numbers(_ path: String) throws -> (values: [Double], shape: [Int], type: String) {
      try dataset(path) { dataset, type, shape in
        let kind = H5Tget_class(type)
        guard kind == H5T_FLOAT || kind == H5T_INTEGER else {
          throw HDF5Fault(operation: "read \(path) as numbers")
        }
        let count = try elementCount(of: shape, tensor: path)
        guard count <= Self.maximumNumbers else {
          throw HDF5Fault(operation: "read \(path): \(count) numbers are too many")
        }
        var isRead = false
        let values = unsafe [Double](unsafeUninitializedCapacity: count) { buffer, filled in
          isRead =
            unsafe H5Dread(
              dataset, chdf_double(), chdf_all(), chdf_all(), chdf_default(), buffer.baseAddress)
            >= 0
          filled = isRead ? count : 0
        }
        guard isRead else { throw HDF5Fault(operation: "read the numbers of \(path)") }
        return (values, shape, "\(kind == H5T_FLOAT ? "F" : "I")\(8 * H5Tget_size(type))")
      }
    }

    /// Texts of a dataset, last dimension fastest.
    func texts(_ path: String) throws -> [String] {
      try dataset(path) { dataset, type, shape in
        guard H5Tget_class(type) == H5T_STRING else {
          throw HDF5Fault(operation: "read \(path) as text")
        }
        let count = try elementCount(of: shape, tensor: path)
        guard count <= Self.maximumTexts else {
          throw HDF5Fault(operation: "read \(path): \(count) texts are too many")
        }
        if H5Tis_variable_str(type) > 0 {
          return try self.variableTexts(path, dataset, type, count)
        }
        let size = H5Tget_size(type)
        guard size > 0, size <= 4096 else { throw HDF5Fault(operation: "read the text \(path)") }
        var isRead = false
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size * count) { buffer, filled in
          isRead =
            unsafe H5Dread(
              dataset, type, chdf_all(), chdf_all(), chdf_default(), buffer.baseAddress) >= 0
          filled = isRead ? size * count : 0
        }
        guard isRead else { throw HDF5Fault(operation: "read the text \(path)") }
        return (0..<count).map {
          String(decoding: bytes[$0 * size..<($0 + 1) * size].prefix { $0 != 0 }, as: UTF8.self)
        }
      }
    }

    private func variableTexts(
      _ path: String, _ dataset: hid_t, _ type: hid_t, _ count: Int
    ) throws -> [String] {
      var pointers = unsafe [UnsafeMutablePointer<CChar>?](repeating: nil, count: count)
      let space = H5Dget_space(dataset)
      defer { H5Sclose(space) }
      let isRead = unsafe pointers.withUnsafeMutableBytes {
        unsafe H5Dread(dataset, type, chdf_all(), chdf_all(), chdf_default(), $0.baseAddress) >= 0
      }
      guard isRead else { throw HDF5Fault(operation: "read the text \(path)") }
      defer {
        unsafe pointers.withUnsafeMutableBytes {
          _ = unsafe H5Dvlen_reclaim(type, space, chdf_default(), $0.baseAddress)
        }
      }
      return unsafe pointers.map { unsafe $0.map { unsafe String(cString: $0) } ?? "" }
    }

    private func dataset<Value>(
      _ path: String, _ body: (_ dataset: hid_t, _ type: hid_t, _ shape: [Int]) throws -> Value
    ) throws -> Value {
      guard has(path) else { throw HDF5Fault(operation: "find \(path)") }
      let dataset = unsafe H5Dopen2(file, path, chdf_default())
      guard dataset >= 0 else { throw HDF5Fault(operation: "read \(path): it is no dataset") }
      defer { H5Dclose(dataset) }
      let (type, space) = (H5Dget_type(dataset), H5Dget_space(dataset))
      defer {
        H5Tclose(type)
        H5Sclose(space)
      }
      let rank = Int(H5Sget_simple_extent_ndims(space))
      guard type >= 0, (0...8).contains(rank) else {
        throw HDF5Fault(operation: "read the shape of \(path)")
      }
      var sizes = [hsize_t](repeating: 0, count: max(rank, 1))
      guard unsafe H5Sget_simple_extent_dims(space, &sizes, nil) >= 0 else {
        throw HDF5Fault(operation: "read the shape of \(path)")
      }
      return try body(dataset, type, sizes.prefix(rank).map { Int(clamping: $0) })
    }
  }
#endif
