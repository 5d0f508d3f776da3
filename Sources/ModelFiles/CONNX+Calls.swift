internal import CONNX
internal import Foundation

// The only Swift that calls protobuf-c.

/// What a model's messages may take of memory: a message takes up to a hundred times what it has in
/// the file, where the file may say that it has millions of empty ones.
struct ONNXMemoryBudget {
  /// For what is not weights.
  private static let start = 8 << 20
  /// Weights take what they have in the file, or 14 times that when each has a tag of its own, which
  /// is allowed and which nobody writes.
  private static let factor = 16
  /// From so many bytes on, the factor is another.
  private static let large = 64 << 20
  /// Packed numbers of one byte in the file become 4.
  private static let largeFactor = 4
  /// What a piece of memory takes beside what is in it.
  private static let piece = 16

  /// How many bytes may be asked for in all: what is given back does not count, so that merging
  /// messages over and over is limited as well.
  let limit: Int
  /// How many have been.
  private(set) var asked = 0
  /// Whether more was asked for.
  private(set) var isExceeded = false

  /// The budget of a file of so many bytes.
  init(fileSize: Int) {
    self.init(
      limit: Self.start + Self.factor * min(fileSize, Self.large)
        + Self.largeFactor * max(0, fileSize - Self.large))
  }

  /// So many bytes.
  init(limit: Int) { self.limit = limit }

  fileprivate mutating func grant(_ size: Int) -> Bool {
    guard !isExceeded, size <= limit - asked - Self.piece else {
      isExceeded = true
      return false
    }
    asked += size + Self.piece
    return true
  }
}

extension ONNXModelProto {
  /// Reads a model.
  ///
  /// - Throws: `ONNXFault.notProtobuf`, `.memoryLimit`.
  init(serialized bytes: [UInt8], budget: inout ONNXMemoryBudget) throws {
    self = try unsafe withUnsafeMutablePointer(to: &budget) { budget in
      var allocator = unsafe ProtobufCAllocator(
        alloc: { budget, size in
          guard
            unsafe budget!.assumingMemoryBound(to: ONNXMemoryBudget.self).pointee.grant(size)
          else { return nil }
          return UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
        },
        free: { _, memory in unsafe memory?.deallocate() },
        allocator_data: budget)
      let model = unsafe bytes.withUnsafeBufferPointer {
        unsafe onnx__model_proto__unpack(&allocator, $0.count, $0.baseAddress)
      }
      guard let model = unsafe model else {
        throw unsafe budget.pointee.isExceeded
          ? ONNXFault.memoryLimit(budget.pointee.limit)
          : ONNXFault.notProtobuf(reason: "the protocol buffer is cut off or damaged")
      }
      defer { unsafe onnx__model_proto__free_unpacked(model, &allocator) }
      return try unsafe Self(&model.pointee)
    }
  }

  /// The bytes of the model.
  func serialized() -> [UInt8] {
    let arena = Arena()
    var model = unsafe message(in: arena)
    let size = unsafe onnx__model_proto__get_packed_size(&model)
    return withExtendedLifetime(arena) {
      unsafe [UInt8](unsafeUninitializedCapacity: size) { bytes, filled in
        filled = unsafe onnx__model_proto__pack(&model, bytes.baseAddress)
      }
    }
  }
}

// MARK: Reading

/// A text. It may have NULs in it.
private func text(_ bytes: ProtobufCBinaryData, _ field: String) throws -> String {
  guard let start = unsafe bytes.data else { return "" }
  let buffer = unsafe UnsafeBufferPointer(start: start, count: bytes.len)
  guard let text = unsafe String(validating: buffer, as: UTF8.self) else {
    throw ONNXFault.notProtobuf(reason: "\(field) is not UTF-8")
  }
  return text
}

/// Bytes, taken out of their message without a copy.
private func take(_ bytes: inout ProtobufCBinaryData) -> Data {
  guard let start = unsafe bytes.data else { return Data() }
  defer { unsafe bytes = ProtobufCBinaryData(len: 0, data: nil) }
  return unsafe Data(
    bytesNoCopy: start, count: bytes.len,
    deallocator: .custom { memory, _ in unsafe memory.deallocate() })
}

private func takeAll(_ first: UnsafeMutablePointer<ProtobufCBinaryData>?, _ count: Int) -> [Data] {
  unsafe UnsafeMutableBufferPointer(start: first, count: count).indices.map {
    unsafe take(&first![$0])
  }
}

private func texts(
  _ first: UnsafeMutablePointer<ProtobufCBinaryData>?, _ count: Int, _ field: String
) throws -> [String] {
  try unsafe UnsafeBufferPointer(start: first, count: count).map { try unsafe text($0, field) }
}

private func numbers<Number>(_ first: UnsafeMutablePointer<Number>?, _ count: Int) -> [Number] {
  unsafe Array(UnsafeBufferPointer(start: first, count: count))
}

private func messages<Stored, Message>(
  _ first: UnsafeMutablePointer<UnsafeMutablePointer<Stored>?>?, _ count: Int,
  _ read: (inout Stored) throws -> Message
) rethrows -> [Message] {
  try unsafe UnsafeBufferPointer(start: first, count: count).map {
    try unsafe read(&$0!.pointee)
  }
}

extension ONNXModelProto {
  fileprivate init(_ stored: inout Onnx__ModelProto) throws {
    irVersion = unsafe stored.ir_version
    producerName = try unsafe text(stored.producer_name, "producer_name")
    _ = try unsafe text(stored.producer_version, "producer_version")
    _ = try unsafe text(stored.domain, "the model's domain")
    _ = try unsafe text(stored.doc_string, "the model's doc_string")
    graph = try unsafe stored.graph.map { try unsafe ONNXGraphProto(&$0.pointee) }
    opsetImport = try unsafe messages(
      stored.opset_import, stored.n_opset_import, ONNXOperatorSetIdProto.init)
    metadataProps = try unsafe messages(
      stored.metadata_props, stored.n_metadata_props, ONNXStringStringEntryProto.init)
    trainingInfo = unsafe takeAll(stored.training_info, stored.n_training_info)
    functions = try unsafe messages(
      stored.functions, stored.n_functions, ONNXFunctionProto.init)
  }
}

extension ONNXStringStringEntryProto {
  fileprivate init(_ stored: inout Onnx__StringStringEntryProto) throws {
    key = try unsafe text(stored.key, "the key of an entry")
    value = try unsafe text(stored.value, "the value of an entry")
  }
}

extension ONNXGraphProto {
  fileprivate init(_ stored: inout Onnx__GraphProto) throws {
    node = try unsafe messages(stored.node, stored.n_node, ONNXNodeProto.init)
    name = try unsafe text(stored.name, "the graph's name")
    _ = try unsafe text(stored.doc_string, "the graph's doc_string")
    initializer = try unsafe messages(
      stored.initializer, stored.n_initializer, ONNXTensorProto.init)
    input = try unsafe messages(stored.input, stored.n_input, ONNXValueInfoProto.init)
    output = try unsafe messages(stored.output, stored.n_output, ONNXValueInfoProto.init)
    sparseInitializer = unsafe takeAll(stored.sparse_initializer, stored.n_sparse_initializer)
  }
}

extension ONNXNodeProto {
  fileprivate init(_ stored: inout Onnx__NodeProto) throws {
    input = try unsafe texts(stored.input, stored.n_input, "an input of a node")
    output = try unsafe texts(stored.output, stored.n_output, "an output of a node")
    name = try unsafe text(stored.name, "the name of a node")
    opType = try unsafe text(stored.op_type, "the op_type of a node")
    domain = try unsafe text(stored.domain, "the domain of a node")
    overload = try unsafe text(stored.overload, "the overload of a node")
    attribute = try unsafe messages(stored.attribute, stored.n_attribute, ONNXAttributeProto.init)
  }
}

extension ONNXFunctionProto {
  fileprivate init(_ stored: inout Onnx__FunctionProto) throws {
    name = try unsafe text(stored.name, "the name of a function")
    input = try unsafe texts(stored.input, stored.n_input, "an input of a function")
    output = try unsafe texts(stored.output, stored.n_output, "an output of a function")
    attribute = try unsafe texts(
      stored.attribute, stored.n_attribute, "an attribute of a function")
    attributeProto = try unsafe messages(
      stored.attribute_proto, stored.n_attribute_proto, ONNXAttributeProto.init)
    node = try unsafe messages(stored.node, stored.n_node, ONNXNodeProto.init)
    opsetImport = try unsafe messages(
      stored.opset_import, stored.n_opset_import, ONNXOperatorSetIdProto.init)
    domain = try unsafe text(stored.domain, "the domain of a function")
    overload = try unsafe text(stored.overload, "the overload of a function")
  }
}

extension ONNXOperatorSetIdProto {
  fileprivate init(_ stored: inout Onnx__OperatorSetIdProto) throws {
    domain = try unsafe text(stored.domain, "the domain of an opset")
    version = unsafe stored.version
  }
}

extension ONNXAttributeProto {
  fileprivate init(_ stored: inout Onnx__AttributeProto) throws {
    name = try unsafe text(stored.name, "the name of an attribute")
    refAttrName = try unsafe text(stored.ref_attr_name, "the ref_attr_name of an attribute")
    type = unsafe stored.type
    f = unsafe stored.has_f == 0 ? nil : stored.f
    i = unsafe stored.has_i == 0 ? nil : stored.i
    s = unsafe take(&stored.s)
    t = try unsafe stored.t.map { try unsafe ONNXTensorProto(&$0.pointee) }
    floats = unsafe numbers(stored.floats, stored.n_floats)
    ints = unsafe numbers(stored.ints, stored.n_ints)
    strings = unsafe takeAll(stored.strings, stored.n_strings)
  }
}

extension ONNXTensorProto {
  fileprivate init(_ stored: inout Onnx__TensorProto) throws {
    dims = unsafe numbers(stored.dims, stored.n_dims)
    dataType = unsafe stored.data_type
    hasSegment = unsafe stored.has_segment != 0
    floatData = unsafe numbers(stored.float_data, stored.n_float_data)
    int32Data = unsafe numbers(stored.int32_data, stored.n_int32_data)
    stringData = unsafe takeAll(stored.string_data, stored.n_string_data)
    int64Data = unsafe numbers(stored.int64_data, stored.n_int64_data)
    name = try unsafe text(stored.name, "the name of a tensor")
    rawData = unsafe take(&stored.raw_data)
    doubleData = unsafe numbers(stored.double_data, stored.n_double_data)
    uint64Data = unsafe numbers(stored.uint64_data, stored.n_uint64_data)
    externalData = try unsafe messages(
      stored.external_data, stored.n_external_data, ONNXStringStringEntryProto.init)
    dataLocation = unsafe stored.data_location
  }
}

extension ONNXValueInfoProto {
  fileprivate init(_ stored: inout Onnx__ValueInfoProto) throws {
    name = try unsafe text(stored.name, "the name of an input or output")
    guard let tensor = unsafe stored.type?.pointee.tensor_type else { return }
    elemType = unsafe tensor.pointee.elem_type
    guard let dimensions = unsafe tensor.pointee.shape else { return }
    shape = try unsafe messages(dimensions.pointee.dim, dimensions.pointee.n_dim) {
      let parameter = try unsafe text($0.dim_param, "the dim_param of a dimension")
      return unsafe $0.has_dim_param == 0 ? .value($0.dim_value) : .parameter(parameter)
    }
  }
}

// MARK: Writing

/// The memory of messages that are written: it lives as long as the arena.
@safe private final class Arena {
  private var pieces: [UnsafeMutableRawPointer] = unsafe []

  deinit { unsafe pieces.forEach { unsafe $0.deallocate() } }

  /// Values that need no clean-up, in a place of their own.
  func list<Value>(_ values: some Collection<Value>) -> UnsafeMutablePointer<Value> {
    let place = UnsafeMutableBufferPointer<Value>.allocate(capacity: max(1, values.count))
    unsafe pieces.append(UnsafeMutableRawPointer(place.baseAddress!))
    unsafe _ = place.initialize(from: values)
    return place.baseAddress!
  }

  func bytes(_ values: some Collection<UInt8>) -> ProtobufCBinaryData {
    unsafe ProtobufCBinaryData(len: values.count, data: list(values))
  }

  func texts(_ texts: [String]) -> UnsafeMutablePointer<ProtobufCBinaryData> {
    unsafe list(texts.map { unsafe bytes($0.utf8) })
  }

  func messages<Message, Stored>(
    _ messages: [Message], _ write: (Message) -> Stored
  ) -> UnsafeMutablePointer<UnsafeMutablePointer<Stored>?> {
    unsafe list(messages.map { unsafe Optional(list(CollectionOfOne(write($0)))) })
  }
}

/// Sets a field when there is something to say in it.
private func set(
  _ field: inout ProtobufCBinaryData, _ isSet: inout protobuf_c_boolean, _ text: String,
  in arena: Arena
) {
  guard !text.isEmpty else { return }
  unsafe field = arena.bytes(text.utf8)
  isSet = 1
}

private func set<Number: AdditiveArithmetic>(
  _ field: inout Number, _ isSet: inout protobuf_c_boolean, _ number: Number
) {
  field = number
  isSet = number == .zero ? 0 : 1
}

extension ONNXModelProto {
  fileprivate func message(in arena: Arena) -> Onnx__ModelProto {
    var stored = unsafe Onnx__ModelProto()
    unsafe onnx__model_proto__init(&stored)
    unsafe set(&stored.ir_version, &stored.has_ir_version, irVersion)
    unsafe set(&stored.producer_name, &stored.has_producer_name, producerName, in: arena)
    unsafe stored.graph = graph.map { unsafe arena.list(CollectionOfOne($0.message(in: arena))) }
    unsafe stored.n_opset_import = opsetImport.count
    unsafe stored.opset_import = arena.messages(opsetImport) { unsafe $0.message(in: arena) }
    unsafe stored.n_metadata_props = metadataProps.count
    unsafe stored.metadata_props = arena.messages(metadataProps) { unsafe $0.message(in: arena) }
    unsafe stored.n_training_info = trainingInfo.count
    unsafe stored.training_info = arena.list(trainingInfo.map { unsafe arena.bytes($0) })
    unsafe stored.n_functions = functions.count
    unsafe stored.functions = arena.messages(functions) { unsafe $0.message(in: arena) }
    return unsafe stored
  }
}

extension ONNXOperatorSetIdProto {
  fileprivate func message(in arena: Arena) -> Onnx__OperatorSetIdProto {
    var stored = unsafe Onnx__OperatorSetIdProto()
    unsafe onnx__operator_set_id_proto__init(&stored)
    unsafe set(&stored.domain, &stored.has_domain, domain, in: arena)
    unsafe set(&stored.version, &stored.has_version, version)
    return unsafe stored
  }
}

extension ONNXStringStringEntryProto {
  fileprivate func message(in arena: Arena) -> Onnx__StringStringEntryProto {
    var stored = unsafe Onnx__StringStringEntryProto()
    unsafe onnx__string_string_entry_proto__init(&stored)
    unsafe stored.has_key = 1
    unsafe stored.key = arena.bytes(key.utf8)
    unsafe stored.has_value = 1
    unsafe stored.value = arena.bytes(value.utf8)
    return unsafe stored
  }
}

extension ONNXGraphProto {
  fileprivate func message(in arena: Arena) -> Onnx__GraphProto {
    var stored = unsafe Onnx__GraphProto()
    unsafe onnx__graph_proto__init(&stored)
    unsafe stored.n_node = node.count
    unsafe stored.node = arena.messages(node) { unsafe $0.message(in: arena) }
    unsafe set(&stored.name, &stored.has_name, name, in: arena)
    unsafe stored.n_initializer = initializer.count
    unsafe stored.initializer = arena.messages(initializer) { unsafe $0.message(in: arena) }
    unsafe stored.n_input = input.count
    unsafe stored.input = arena.messages(input) { unsafe $0.message(in: arena) }
    unsafe stored.n_output = output.count
    unsafe stored.output = arena.messages(output) { unsafe $0.message(in: arena) }
    unsafe stored.n_sparse_initializer = sparseInitializer.count
    unsafe stored.sparse_initializer = arena.list(
      sparseInitializer.map { unsafe arena.bytes($0) })
    return unsafe stored
  }
}

extension ONNXNodeProto {
  fileprivate func message(in arena: Arena) -> Onnx__NodeProto {
    var stored = unsafe Onnx__NodeProto()
    unsafe onnx__node_proto__init(&stored)
    unsafe stored.n_input = input.count
    unsafe stored.input = arena.texts(input)
    unsafe stored.n_output = output.count
    unsafe stored.output = arena.texts(output)
    unsafe set(&stored.name, &stored.has_name, name, in: arena)
    unsafe set(&stored.op_type, &stored.has_op_type, opType, in: arena)
    unsafe set(&stored.domain, &stored.has_domain, domain, in: arena)
    unsafe set(&stored.overload, &stored.has_overload, overload, in: arena)
    unsafe stored.n_attribute = attribute.count
    unsafe stored.attribute = arena.messages(attribute) { unsafe $0.message(in: arena) }
    return unsafe stored
  }
}

extension ONNXAttributeProto {
  fileprivate func message(in arena: Arena) -> Onnx__AttributeProto {
    var stored = unsafe Onnx__AttributeProto()
    unsafe onnx__attribute_proto__init(&stored)
    unsafe set(&stored.name, &stored.has_name, name, in: arena)
    unsafe set(&stored.ref_attr_name, &stored.has_ref_attr_name, refAttrName, in: arena)
    unsafe set(&stored.type, &stored.has_type, type)
    if let f { unsafe (stored.f, stored.has_f) = (f, 1) }
    if let i { unsafe (stored.i, stored.has_i) = (i, 1) }
    if !s.isEmpty { unsafe (stored.s, stored.has_s) = (arena.bytes(s), 1) }
    unsafe stored.t = t.map { unsafe arena.list(CollectionOfOne($0.message(in: arena))) }
    unsafe (stored.n_floats, stored.floats) = (floats.count, arena.list(floats))
    unsafe (stored.n_ints, stored.ints) = (ints.count, arena.list(ints))
    unsafe stored.n_strings = strings.count
    unsafe stored.strings = arena.list(strings.map { unsafe arena.bytes($0) })
    return unsafe stored
  }
}

extension ONNXFunctionProto {
  fileprivate func message(in arena: Arena) -> Onnx__FunctionProto {
    var stored = unsafe Onnx__FunctionProto()
    unsafe onnx__function_proto__init(&stored)
    unsafe set(&stored.name, &stored.has_name, name, in: arena)
    unsafe (stored.n_input, stored.input) = (input.count, arena.texts(input))
    unsafe (stored.n_output, stored.output) = (output.count, arena.texts(output))
    unsafe (stored.n_attribute, stored.attribute) = (attribute.count, arena.texts(attribute))
    unsafe stored.n_attribute_proto = attributeProto.count
    unsafe stored.attribute_proto = arena.messages(attributeProto) { unsafe $0.message(in: arena) }
    unsafe stored.n_node = node.count
    unsafe stored.node = arena.messages(node) { unsafe $0.message(in: arena) }
    unsafe stored.n_opset_import = opsetImport.count
    unsafe stored.opset_import = arena.messages(opsetImport) { unsafe $0.message(in: arena) }
    unsafe set(&stored.domain, &stored.has_domain, domain, in: arena)
    unsafe set(&stored.overload, &stored.has_overload, overload, in: arena)
    return unsafe stored
  }
}

extension ONNXTensorProto {
  fileprivate func message(in arena: Arena) -> Onnx__TensorProto {
    var stored = unsafe Onnx__TensorProto()
    unsafe onnx__tensor_proto__init(&stored)
    unsafe (stored.n_dims, stored.dims) = (dims.count, arena.list(dims))
    unsafe set(&stored.data_type, &stored.has_data_type, dataType)
    unsafe stored.has_segment = hasSegment ? 1 : 0
    unsafe (stored.n_float_data, stored.float_data) = (floatData.count, arena.list(floatData))
    unsafe (stored.n_int32_data, stored.int32_data) = (int32Data.count, arena.list(int32Data))
    unsafe stored.n_string_data = stringData.count
    unsafe stored.string_data = arena.list(stringData.map { unsafe arena.bytes($0) })
    unsafe (stored.n_int64_data, stored.int64_data) = (int64Data.count, arena.list(int64Data))
    unsafe set(&stored.name, &stored.has_name, name, in: arena)
    if !rawData.isEmpty {
      unsafe (stored.raw_data, stored.has_raw_data) = (arena.bytes(rawData), 1)
    }
    unsafe (stored.n_double_data, stored.double_data) = (doubleData.count, arena.list(doubleData))
    unsafe (stored.n_uint64_data, stored.uint64_data) = (uint64Data.count, arena.list(uint64Data))
    unsafe stored.n_external_data = externalData.count
    unsafe stored.external_data = arena.messages(externalData) { unsafe $0.message(in: arena) }
    unsafe set(&stored.data_location, &stored.has_data_location, dataLocation)
    return unsafe stored
  }
}

extension ONNXValueInfoProto {
  fileprivate func message(in arena: Arena) -> Onnx__ValueInfoProto {
    var stored = unsafe Onnx__ValueInfoProto()
    unsafe onnx__value_info_proto__init(&stored)
    unsafe set(&stored.name, &stored.has_name, name, in: arena)
    guard elemType != 0 || !shape.isEmpty else { return unsafe stored }
    var dimensions = unsafe Onnx__TensorShapeProto()
    unsafe onnx__tensor_shape_proto__init(&dimensions)
    unsafe dimensions.n_dim = shape.count
    unsafe dimensions.dim = arena.messages(shape) { unsafe $0.message(in: arena) }
    var tensor = unsafe Onnx__TypeProto__Tensor()
    unsafe onnx__type_proto__tensor__init(&tensor)
    unsafe set(&tensor.elem_type, &tensor.has_elem_type, elemType)
    unsafe tensor.shape = arena.list(CollectionOfOne(dimensions))
    var type = unsafe Onnx__TypeProto()
    unsafe onnx__type_proto__init(&type)
    unsafe type.tensor_type = arena.list(CollectionOfOne(tensor))
    unsafe stored.type = arena.list(CollectionOfOne(type))
    return unsafe stored
  }
}

extension ONNXDimension {
  fileprivate func message(in arena: Arena) -> Onnx__TensorShapeProto__Dimension {
    var stored = unsafe Onnx__TensorShapeProto__Dimension()
    unsafe onnx__tensor_shape_proto__dimension__init(&stored)
    switch self {
    case .value(let size): unsafe (stored.dim_value, stored.has_dim_value) = (size, 1)
    case .parameter(let name):
      unsafe (stored.dim_param, stored.has_dim_param) = (arena.bytes(name.utf8), 1)
    }
    return unsafe stored
  }
}
