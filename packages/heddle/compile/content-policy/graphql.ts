import type { Member } from "./member.ts";

export const graphqlMember: Member<"graphql"> = ({
  introspection,
  persistedQueries,
  webSockets,
  ...bounds
}) => {
  const config = {
    ...bounds,
    allowsIntrospection: introspection === "Allow",
    allowsPersisted: persistedQueries === "Allow",
    allowsWebSockets: webSockets === "Allow",
  };
  return { filters: [{ stage: "content", spec: { name: "graphql", config } }] };
};
