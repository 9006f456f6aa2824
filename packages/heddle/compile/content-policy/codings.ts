import type { Member } from "./member.ts";

/** Of responses. */
export const compressionMember: Member<"compression"> = ({ codings, types, minBytes, acceptEncoding }) => {
  const config = { codings, types, minBytes, takesOver: acceptEncoding === "Remove" };
  return { filters: [{ stage: "compression", spec: { name: "compression", config } }] };
};

/** Of requests. */
export const decompressionMember: Member<"decompression"> = ({ codings, maxBytes, maxRatio }) => ({
  filters: [{ stage: "content", spec: { name: "decompression", config: { codings, maxBytes, maxRatio } } }],
});

/** Of responses, before anything looks at them. */
export const responseDecompressionMember: Member<"responseDecompression"> = ({
  codings,
  maxBytes,
  maxRatio,
}) => ({
  filters: [
    {
      stage: "decoding",
      spec: { name: "response-decompression", config: { codings, maxBytes, maxRatio } },
    },
  ],
});
