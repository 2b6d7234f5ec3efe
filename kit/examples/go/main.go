// Follows a state topic of Mandate, or reads its golden messages (../README.md says how to run it).
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// read gives how new a record is (edition, ce_sequence, form) and its line; it panics on what cannot be read.
func read(contract *protoregistry.Files, key string, value []byte, headers map[string]string) (age [3]int, line string) {
	kind := must(contract.FindDescriptorByName(protoreflect.FullName(headers["ce_type"])))
	message, compact := dynamicpb.NewMessage(kind.(protoreflect.MessageDescriptor)), bytes.Buffer{}
	must(0, proto.Unmarshal(value, message))
	must(0, json.Compact(&compact, must(protojson.Marshal(message))))
	version := headers["edition"] + "/" + headers["ce_sequence"] + "/" + headers["form"]
	must(fmt.Sscanf(version, "%d/%d/%d", &age[0], &age[1], &age[2]))
	return age, fmt.Sprintf("%s %s %s %s", kind.Name(), key, version, &compact)
}

func main() {
	var set descriptorpb.FileDescriptorSet
	must(0, proto.Unmarshal(must(os.ReadFile(os.Getenv("MANDATE_BINPB"))), &set))
	contract := must(protodesc.NewFiles(&set))
	if os.Args[1] == "golden" {
		for lines := bufio.NewScanner(must(os.Open(os.Args[2]))); lines.Scan(); {
			var vector struct {
				Key     string
				Value   []byte
				Headers map[string]string
			}
			must(0, json.Unmarshal(lines.Bytes(), &vector))
			_, line := read(contract, vector.Key, vector.Value, vector.Headers)
			fmt.Println(line)
		}
		return
	}
	live(contract, os.Args[2], os.Args[3], slices.Contains(os.Args, "--follow"))
}
