/** Requests and responses held against an OpenAPI document. */
export type {
  ApiBody,
  ApiContent,
  ApiDocument,
  ApiOperation,
  ApiParameter,
  ApiPath,
  ApiResponse,
  ApiSegment,
  ApiShape,
  ApiType,
  JsonSchema,
  OpenApiConfig,
  ParameterStyle,
} from "./config.ts";
export { openApi } from "./filter.ts";
