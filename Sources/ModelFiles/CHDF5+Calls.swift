#if NIR
  internal import CHDF5
  internal import Synchronization

  // The only Swift that calls HDF5.

  /// HDF5 refused.
  public struct HDF5Fault: Error, Equatable, Sendable, CustomStringConvertible {
    /// What it was asked to do.
    public let operation: String
    /// What failed.
    public var description: String { "HDF5 cannot \(operation)" }
  }

  /// HDF5, one caller at a time: as it is usually built, it keeps state of its own without a lock.
  enum HDF5Library {
    private static let lock = Mutex(())

    /// Runs `body`, in which all files of HDF5 are opened and closed.
    static func exclusively<Value: Sendable>(_ body: () throws -> sending Value) throws -> Value {
      try lock.withLock { _ in try body() }
    }
  }

  /// An HDF5 file that is made in memory.
  final class HDF5Writer {
    private let file: hid_t

    init() throws(HDF5Fault) {
      chdf_silence()
      let access = H5Pcreate(chdf_file_access())
      defer { H5Pclose(access) }
      // In memory, and nothing on the disk.
      guard H5Pset_fapl_core(access, 1 << 20, false) >= 0 else {
        throw Self.fault("work in memory")
      }
      file = unsafe H5Fcreate("memory", chdf_truncate(), chdf_default(), access)
      guard file >= 0 else { throw Self.fault("make a file") }
    }

    deinit { H5Fclose(file) }

    private static func fault(_ operation: String) -> HDF5Fault { HDF5Fault(operation: operation) }

    func group(_ path: String) throws(HDF5Fault) {
      let group = unsafe H5Gcreate2(file, path, chdf_default(), chdf_default(), chdf_default())
      guard group >= 0 else { throw Self.fault("make the group \(path)") }
      H5Gclose(group)
    }

    func write(_ values: [Float], shape: [Int], _ path: String) throws(HDF5Fault) {
      try write(path, type: chdf_float(), shape: shape) { dataset, type in
        unsafe values.withUnsafeBytes {
          unsafe H5Dwrite(
            dataset, type, chdf_all(), chdf_all(), chdf_default(), $0.baseAddress)
        }
      }
    }

    func write(_ values: [Int64], _ path: String) throws(HDF5Fault) {
      try write(path, type: chdf_int64(), shape: [values.count]) { dataset, type in
        unsafe values.withUnsafeBytes {
          unsafe H5Dwrite(
            dataset, type, chdf_all(), chdf_all(), chdf_default(), $0.baseAddress)
        }
      }
    }

    func write(_ text: String, _ path: String) throws(HDF5Fault) {
      try write(strings: [text], shape: [], path)
    }

    func write(pairs: [(String, String)], _ path: String) throws(HDF5Fault) {
      try write(strings: pairs.flatMap { [$0.0, $0.1] }, shape: [pairs.count, 2], path)
    }

    /// Strings of variable length.
    private func write(strings: [String], shape: [Int], _ path: String) throws(HDF5Fault) {
      let type = H5Tcopy(chdf_c_string())
      defer { H5Tclose(type) }
      guard H5Tset_size(type, chdf_variable()) >= 0, H5Tset_cset(type, H5T_CSET_UTF8) >= 0 else {
        throw Self.fault("make a type of strings")
      }
      let copies = unsafe strings.map { text in
        let bytes = text.utf8CString
        let copy = UnsafeMutableBufferPointer<CChar>.allocate(capacity: bytes.count)
        unsafe _ = copy.initialize(from: bytes)
        return unsafe copy
      }
      defer { unsafe copies.forEach { unsafe $0.deallocate() } }
      let pointers = unsafe copies.map { unsafe UnsafePointer($0.baseAddress!) }
      try write(path, type: type, shape: shape) { dataset, type in
        unsafe pointers.withUnsafeBytes {
          unsafe H5Dwrite(
            dataset, type, chdf_all(), chdf_all(), chdf_default(), $0.baseAddress)
        }
      }
    }

    private func write(
      _ path: String, type: hid_t, shape: [Int], _ body: (_ dataset: hid_t, _ type: hid_t) -> herr_t
    ) throws(HDF5Fault) {
      let sizes = shape.map(hsize_t.init)
      let space =
        unsafe shape.isEmpty
        ? H5Screate(H5S_SCALAR) : H5Screate_simple(Int32(shape.count), sizes, nil)
      defer { H5Sclose(space) }
      let dataset = unsafe H5Dcreate2(
        file, path, type, space, chdf_default(), chdf_default(), chdf_default())
      guard dataset >= 0 else { throw Self.fault("make \(path)") }
      defer { H5Dclose(dataset) }
      guard body(dataset, type) >= 0 else { throw Self.fault("write \(path)") }
    }

    /// The file's bytes.
    func image() throws(HDF5Fault) -> [UInt8] {
      guard H5Fflush(file, H5F_SCOPE_GLOBAL) >= 0 else { throw Self.fault("flush") }
      let size = Int(H5Fget_file_image(file, nil, 0))
      guard size > 0 else { throw Self.fault("tell the size of its image") }
      return unsafe [UInt8](unsafeUninitializedCapacity: size) { bytes, filled in
        filled = unsafe max(0, Int(H5Fget_file_image(file, bytes.baseAddress, size)))
      }
    }
  }
#endif
