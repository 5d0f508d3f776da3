import Foundation
import TestSupport
import Testing

@testable import Datasets

@Suite struct GzipTests {
  private let plain = idx([4, 5, 6], (0..<120).map { UInt8($0 * 7 % 251) })

  private func failure(_ bytes: [UInt8]) throws -> DatasetError? {
    let folder = try TemporaryFolder()
    let path = try folder.file(bytes, named: "x.gz")
    do {
      _ = try IDXArray(contentsOf: path, rank: 3)
      return nil
    } catch {
      #expect("\(error)".hasPrefix(path))
      return error
    }
  }

  @Test("reads what gzip wrote, under any name")
  func reads() throws {
    let folder = try TemporaryFolder()
    let path = try folder.file(gzip(plain), named: "no-suffix")
    #expect(try IDXArray(contentsOf: path, rank: 3).elements.count == 120)
  }

  @Test("every prefix is refused")
  func prefixes() throws {
    let whole = try gzip(plain)
    for length in 2..<whole.count {
      let error = try failure(Array(whole.prefix(length)))
      guard case .gzipTruncated(_, let offset)? = error else {
        Issue.record("prefix \(length): \(String(describing: error))")
        continue
      }
      #expect(offset <= length)
    }
  }

  @Test("no flipped bit changes what is read: it is refused, or harmless", arguments: [120, 4000])
  func flippedBits(count: Int) throws {
    // Repetitive, so that the larger one holds compressed blocks, not stored ones.
    let elements = (0..<count).map { UInt8($0 * 7 % 64) }
    let whole = try gzip(idx([1, 1, UInt32(count)], elements))
    let folder = try TemporaryFolder()
    var refused = 0
    for position in whole.indices {
      for bit in 0..<8 {
        var damaged = whole
        damaged[position] ^= 1 << UInt8(bit)
        let path = try folder.file(damaged)
        do {
          let read = try IDXArray(contentsOf: path, rank: 3).elements
          #expect(read == elements, "byte \(position), bit \(bit)")
        } catch {
          refused += 1
        }
      }
    }
    // Time stamp, extra flags, system, the text flag, padding: some 60 bits are not data.
    #expect(refused > whole.count * 8 - 80)
  }

  @Test func headerFaults() throws {
    var whole = try gzip(plain)
    whole[2] = 7
    guard case .gzipMethod(_, 7)? = try failure(whole) else { return fail("method") }
    whole[2] = 8
    whole[3] = 0xE0
    guard case .gzipReservedFlags(_, 0xE0)? = try failure(whole) else {
      return fail("flags")
    }
  }

  @Test("optional header fields are read over")
  func optionalFields() throws {
    let whole = try gzip(plain)
    let extra: [UInt8] = [3, 0, 9, 9, 9]
    let fields = extra + Array("name".utf8) + [0] + Array("comment".utf8) + [0] + [1, 2]
    let header = Array(whole[0..<3]) + [0x1E] + Array(whole[4..<10])
    #expect(try failure(header + fields + whole[10...]) == nil)
    guard case .gzipTruncated? = try failure(header + extra + Array("name".utf8)) else {
      return fail("an unterminated name")
    }
  }

  @Test func trailers() throws {
    let whole = try gzip(plain)
    var checksum = whole
    checksum[whole.count - 8] ^= 1
    guard case .gzipChecksum? = try failure(checksum) else { return fail("checksum") }
    var length = whole
    length[whole.count - 4] ^= 1
    guard case .gzipLength(_, 136, 137)? = try failure(length) else {
      return fail("length")
    }
    #expect(try failure(whole + [0, 0, 0]) == nil)
    guard case .trailingData(_, 4, false)? = try failure(whole + Array("junk".utf8)) else {
      return fail("garbage")
    }
  }

  @Test("members follow each other as one")
  func members() throws {
    let parts = try gzip(Array(plain[..<50])) + gzip(Array(plain[50...]))
    #expect(try failure(parts) == nil)
    guard case .trailingData(_, _, true)? = try failure(gzip(plain) + gzip([1, 2, 3])) else {
      return fail("a member too many")
    }
  }

  @Test("a gzip that inflates past its header's promise is stopped there")
  func bomb() throws {
    let bomb = try gzip(idx([1, 2, 2], Array(repeating: 0, count: 4 << 20)))
    #expect(bomb.count < 8192)
    guard case .trailingData(_, 1, true)? = try failure(bomb) else { return fail("bomb") }
  }

  @Test func nestedAndEmpty() throws {
    guard case .compressedTwice? = try failure(gzip(gzip(plain))) else {
      return fail("twice")
    }
    guard case .truncatedHeader(_, 0, 4)? = try failure(gzip([])) else {
      return fail("empty")
    }
    guard case .truncatedData(_, 119, 120)? = try failure(gzip(Array(plain.dropLast()))) else {
      return fail("short")
    }
  }
}
