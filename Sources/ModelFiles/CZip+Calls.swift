internal import CZip
internal import Files

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#endif

// The only Swift that calls libzip.

/// An archive whose structure has been checked, opened to inflate its members.
@safe final class ZipReader {
  private let archive: OpaquePointer

  /// - Throws: `ZipFault.corrupt` when libzip refuses the archive; `InputError`.
  init(_ file: RegularFile) throws {
    var code: Int32 = 0
    // libzip closes its descriptor when it has the archive.
    let descriptor = try file.duplicateDescriptor()
    guard let opened = unsafe zip_fdopen(descriptor, ZIP_CHECKCONS, &code) else {
      RegularFile.close(descriptor)
      throw ZipFault.corrupt(member: "", reason: Self.text(code))
    }
    unsafe archive = opened
  }

  deinit { unsafe zip_discard(archive) }

  /// Opens a member to inflate it.
  ///
  /// - Parameters:
  ///   - index: its place in the directory.
  ///   - member: what the directory says of it.
  func open(_ index: Int, _ member: ZipDirectory.Member) throws -> ZipMember {
    guard let file = unsafe zip_fopen_index(archive, UInt64(index), 0) else {
      throw ZipFault.corrupt(member: member.name, reason: reason)
    }
    return unsafe ZipMember(file, member)
  }

  private var reason: String {
    unsafe String(cString: zip_error_strerror(zip_get_error(archive)))
  }

  private static func text(_ code: Int32) -> String {
    var error = unsafe zip_error_t()
    unsafe zip_error_init_with_code(&error, code)
    defer { unsafe zip_error_fini(&error) }
    return unsafe String(cString: zip_error_strerror(&error))
  }
}

/// A member that is inflated as it is read. Its archive must live longer.
@safe final class ZipMember {
  private let file: OpaquePointer
  private let member: ZipDirectory.Member
  /// What the directory says that is left.
  private(set) var left: Int

  fileprivate init(_ file: OpaquePointer, _ member: ZipDirectory.Member) {
    unsafe self.file = file
    self.member = member
    left = member.size
  }

  deinit { unsafe _ = zip_fclose(file) }

  /// Reads up to `count` bytes of what is left.
  ///
  /// - Throws: `ZipFault.corrupt`, `.checksum`.
  func read(upTo count: Int) throws(ZipFault) -> [UInt8] {
    let wanted = min(count, left)
    let bytes = try inflate(wanted)
    guard bytes.count == wanted else {
      throw .corrupt(
        member: member.name,
        reason: "\(member.size - left + bytes.count) bytes, expected \(member.size)")
    }
    left -= wanted
    return bytes
  }

  /// Checks that nothing is left, and the CRC-32.
  func finish() throws(ZipFault) {
    guard try inflate(1).isEmpty else {
      throw .corrupt(member: member.name, reason: "more than \(member.size) bytes")
    }
  }

  private func inflate(_ count: Int) throws(ZipFault) -> [UInt8] {
    var failure: ZipFault?
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        let got = unsafe zip_fread(
          file, buffer.baseAddress! + filled, UInt64(count - filled))
        if got < 0 {
          let error = unsafe zip_file_get_error(file)!
          failure =
            unsafe error.pointee.zip_err == ZIP_ER_CRC
            ? .checksum(member: member.name)
            : .corrupt(member: member.name, reason: String(cString: zip_error_strerror(error)))
        }
        if got <= 0 { break }
        filled += Int(got)
      }
    }
    if let failure { throw failure }
    return bytes
  }
}

/// Makes archives in memory.
enum ZipWriter {
  /// An archive of some members, the same bytes for the same members.
  ///
  /// - Throws: `ZipFault.corrupt` when libzip fails, as for want of memory.
  static func archive(_ members: [(name: String, data: [UInt8])], deflated: Bool) throws -> [UInt8]
  {
    var error = unsafe zip_error_t()
    unsafe zip_error_init(&error)
    defer { unsafe zip_error_fini(&error) }
    guard let buffer = unsafe zip_source_buffer_create(nil, 0, 0, &error) else {
      throw unsafe failure(&error)
    }
    // A reference of ours: the archive's own goes with it.
    unsafe zip_source_keep(buffer)
    defer { unsafe zip_source_free(buffer) }
    guard let archive = unsafe zip_open_from_source(buffer, ZIP_TRUNCATE, &error) else {
      unsafe zip_source_free(buffer)
      throw unsafe failure(&error)
    }
    // libzip reads the data when it closes: it stays where it is until then.
    var copies: [UnsafeMutableBufferPointer<UInt8>] = unsafe []
    defer { unsafe copies.forEach { unsafe $0.deallocate() } }
    do {
      for member in members {
        let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: member.data.count)
        unsafe _ = copy.initialize(from: member.data)
        unsafe copies.append(copy)
        unsafe try add(member.name, UnsafeBufferPointer(copy), to: archive, deflated: deflated)
      }
      guard unsafe zip_close(archive) == 0 else { throw unsafe failure(zip_get_error(archive)) }
    } catch {
      unsafe zip_discard(archive)
      throw error
    }
    guard unsafe zip_source_open(buffer) == 0 else {
      throw unsafe failure(zip_source_error(buffer))
    }
    defer { unsafe _ = zip_source_close(buffer) }
    unsafe _ = zip_source_seek(buffer, 0, SEEK_END)
    let size = unsafe Int(zip_source_tell(buffer))
    unsafe _ = zip_source_seek(buffer, 0, SEEK_SET)
    return unsafe [UInt8](unsafeUninitializedCapacity: size) { bytes, filled in
      filled = unsafe max(0, Int(zip_source_read(buffer, bytes.baseAddress!, UInt64(size))))
    }
  }

  private static func add(
    _ name: String, _ data: UnsafeBufferPointer<UInt8>, to archive: OpaquePointer, deflated: Bool
  ) throws {
    guard
      let source = unsafe zip_source_buffer(archive, data.baseAddress, UInt64(data.count), 0)
    else { throw unsafe failure(zip_get_error(archive), name) }
    let index = unsafe zip_file_add(archive, name, source, UInt32(ZIP_FL_ENC_UTF_8))
    guard index >= 0 else {
      unsafe zip_source_free(source)
      throw unsafe failure(zip_get_error(archive), name)
    }
    // 1980-01-01, the first day of zip: equal networks are equal bytes.
    guard
      unsafe zip_set_file_compression(
        archive, UInt64(index), deflated ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 9) == 0,
      unsafe zip_file_set_dostime(archive, UInt64(index), 0, 0x21, 0) == 0
    else { throw unsafe failure(zip_get_error(archive), name) }
  }

  private static func failure(
    _ error: UnsafeMutablePointer<zip_error_t>?, _ name: String = ""
  ) -> ZipFault {
    .corrupt(
      member: name,
      reason: unsafe error.map { unsafe String(cString: zip_error_strerror($0)) } ?? "out of memory"
    )
  }
}
